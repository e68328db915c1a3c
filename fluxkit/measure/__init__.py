"""The light meter: numbers about a picture, and a scene's own fields beside them."""

from fluxkit.measure.adherence import against, judged, measure, wishes
from fluxkit.measure.adherence_table import AdherenceTable, Badge, adherence_table, badge
from fluxkit.measure.agreement import Agreement, Share, agreement
from fluxkit.measure.cast import cast
from fluxkit.measure.catchlight import catchlight
from fluxkit.measure.defocus import defocus
from fluxkit.measure.face import Face, find_faces
from fluxkit.measure.grain import GrainCurve, grain, grain_curve
from fluxkit.measure.haze import haze
from fluxkit.measure.key_light import key_light
from fluxkit.measure.lighting_ratio import lighting_ratio
from fluxkit.measure.measurement import Measurement, Measurements, Verdict
from fluxkit.measure.monochrome import monochrome
from fluxkit.measure.ranking import measure_named, ranked
from fluxkit.measure.saturation import saturation
from fluxkit.measure.shadow import shadow
from fluxkit.measure.softness import softness
from fluxkit.measure.subject import SubjectRegion, find_subject
from fluxkit.measure.texture import texture
from fluxkit.measure.tone import tone, zones

__all__ = [
    "AdherenceTable",
    "Agreement",
    "Badge",
    "Face",
    "GrainCurve",
    "Measurement",
    "Measurements",
    "Share",
    "SubjectRegion",
    "Verdict",
    "adherence_table",
    "against",
    "agreement",
    "badge",
    "cast",
    "catchlight",
    "defocus",
    "find_faces",
    "find_subject",
    "grain",
    "grain_curve",
    "haze",
    "judged",
    "key_light",
    "lighting_ratio",
    "measure",
    "measure_named",
    "monochrome",
    "ranked",
    "saturation",
    "shadow",
    "softness",
    "texture",
    "tone",
    "wishes",
    "zones",
]
