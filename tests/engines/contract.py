"""What every engine keeps: subclass `EngineContract` and give it an engine and shots that it can make."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fluxkit.engines import Engine, Progress, silent
from fluxkit.errors import Cancelled
from fluxkit.shots.shot import Shot


class EngineContract:
    """The tests; `engine` and `shots` (at least two, of two steps or more, all different) come from the subclass."""

    def test_it_is_an_engine(self, engine: Engine, shots: Sequence[Shot]) -> None:
        assert isinstance(engine, Engine)
        assert engine.name
        assert all(engine.runs(shot.spec) for shot in shots)

    def test_every_shot_comes_back_as_one_frame(self, engine: Engine, shots: Sequence[Shot]) -> None:
        frames = list(engine.shoot(shots, silent))
        assert sorted(frame.shot.id for frame in frames) == sorted(shot.id for shot in shots)
        for frame in frames:
            assert frame.image.size == (frame.shot.width, frame.shot.height)
            assert frame.image.mode == "RGB"
            assert frame.take == 0
            assert frame.provenance.engine == engine.name

    def test_the_same_shot_gives_the_same_pixels(self, engine: Engine, shots: Sequence[Shot]) -> None:
        first, second = (next(iter(engine.shoot([shots[0]], silent))) for _ in range(2))
        assert first.fingerprint == second.fingerprint

    def test_progress_is_told_for_every_step_of_every_shot(self, engine: Engine, shots: Sequence[Shot]) -> None:
        seen: list[Progress] = []
        list(engine.shoot(shots, seen.append))
        for shot in shots:
            told = {p.step for p in seen if p.stage == "denoise" and p.shot == shot}
            assert len(told) >= (shot.steps or 1)
        assert all(0 <= p.done < p.shots == len(shots) for p in seen)

    def test_frames_come_as_soon_as_they_are_made(self, engine: Engine, shots: Sequence[Shot]) -> None:
        seen: list[Progress] = []
        next(iter(engine.shoot(shots, seen.append)))
        # At the latest while the next one is made: the last of its work may be done beside that.
        assert len({p.shot for p in seen if p.stage == "denoise"}) <= min(2, len(shots) - 1)

    @pytest.mark.parametrize("stop", [Cancelled("Stopped."), KeyboardInterrupt()])
    def test_it_stops_within_a_step_and_stays_usable(
        self, engine: Engine, shots: Sequence[Shot], stop: BaseException
    ) -> None:
        clean = next(iter(engine.shoot([shots[0]], silent))).fingerprint
        seen: list[Progress] = []

        def cancel(progress: Progress) -> None:
            seen.append(progress)
            if progress.stage == "denoise" and progress.step == 1:
                raise stop

        with pytest.raises(type(stop)):
            list(engine.shoot(shots, cancel))
        assert seen[-1].step == 1
        assert next(iter(engine.shoot([shots[0]], silent))).fingerprint == clean

    def test_it_can_be_used_again_after_close(self, engine: Engine, shots: Sequence[Shot]) -> None:
        before = next(iter(engine.shoot([shots[0]], silent))).fingerprint
        engine.close()
        engine.close()
        assert next(iter(engine.shoot([shots[0]], silent))).fingerprint == before

    def test_no_shots_give_no_frames(self, engine: Engine, shots: Sequence[Shot]) -> None:
        assert list(engine.shoot([], silent)) == []
