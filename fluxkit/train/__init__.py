"""Teaching a model one subject from photographs of it: the set, the recipe, the training, its checkpoints."""

from fluxkit.train.learned import Checkpoint, LearnedLoRA
from fluxkit.train.likeness import Likeness, LikenessTable, likeness
from fluxkit.train.photographs import Consent, Finding, Photograph, TrainingSet
from fluxkit.train.recipe import LoRARecipe
from fluxkit.train.training import LoRATraining, TrainingProgress

__all__ = [
    "Checkpoint",
    "Consent",
    "Finding",
    "LearnedLoRA",
    "Likeness",
    "LikenessTable",
    "LoRARecipe",
    "LoRATraining",
    "Photograph",
    "TrainingProgress",
    "TrainingSet",
    "likeness",
]
