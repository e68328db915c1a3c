import numpy as np
import pytest

from fluxkit.errors import InputError
from fluxkit.measure import Badge, Measurement, Measurements, adherence_table, badge, measure, ranked


def made(name, verdict=None, **fields):
    sentence = f"Asked: {name}. Shown: {name}." if verdict else ""
    return Measurement(name=name, words="from the left", verdict=verdict, sentence=sentence, **fields)


def test_measurements_are_a_mapping_that_names_the_closest_for_a_slip():
    found = Measurements([made("key_light"), made("grain")])
    assert list(found) == ["key_light", "grain"]
    assert found.get("haze") is None and "haze" not in found
    with pytest.raises(InputError, match="key_light"):
        found["keylight"]


def test_an_abstention_without_a_reason_is_refused():
    with pytest.raises(InputError, match="reason"):
        Measurement(name="haze", abstained=True)


def test_the_table_reads_the_same_twice_and_names_every_measure():
    found = Measurements([made("key_light", "shown", asked="from the left"), made("grain")])
    assert repr(found) == repr(Measurements(dict(found)))
    assert repr(found).splitlines()[1].split("  ")[0] == "key_light"
    assert "<td>shown</td>" in found._repr_html_()


def test_words_of_a_user_cannot_break_out_of_the_table():
    found = Measurements([made("grain", "shown", asked="<b>fine</b>")])
    assert "<b>" not in found._repr_html_()
    assert "<b>" not in adherence_table([found], ["<b>one</b>"])._repr_html_()


def test_the_score_counts_only_answers():
    found = Measurements([made("a", "shown"), made("b", "not shown"), made("c", "cannot tell"), made("d")])
    assert found.score == 0.5
    assert [item.name for item in found.asked.values()] == ["a", "b", "c"]
    assert Measurements([made("d")]).score is None


def test_a_badge_counts_verdicts_and_takes_the_gravest_as_its_own():
    found = badge(Measurements([made("a", "shown"), made("b", "not shown"), made("c", "cannot tell")]))
    assert found.text == "1✓ 1✗ 1?" and found.verdict == "not shown" and len(found.details) == 3
    assert (
        Badge(shown=2).verdict == "shown" and Badge(cannot_tell=1).verdict == "cannot tell" and Badge().verdict is None
    )


def test_the_adherence_table_shares_out_answers_by_measure():
    rows = [Measurements([made("a", v)]) for v in ("shown", "shown", "not shown", "cannot tell")]
    table = adherence_table(rows, ["one", "two", "three", "four"])
    assert table.share("a") == pytest.approx(2 / 3)
    assert "67%" in repr(table) and "four" in repr(table)
    with pytest.raises(InputError, match="This table has: a"):
        table.share("b")
    with pytest.raises(InputError, match="labels"):
        adherence_table(rows, ["one"])


def test_frames_are_ranked_by_verdict_then_by_how_sure_it_is():
    rows = [
        Measurements([made("key_light", verdict, confidence=sure)])
        for verdict, sure in (
            ("not shown", 0.9),
            ("shown", 0.5),
            ("cannot tell", 0.1),
            ("shown", 0.8),
            ("not shown", 0.4),
        )
    ]
    assert ranked(rows, by="light") == (3, 1, 2, 4, 0)
    assert ranked(rows)[0] == 1 and set(ranked(rows)[-2:]) == {0, 4}
    with pytest.raises(InputError, match="Rank by one of: key_light"):
        ranked(rows, by="ligth")


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_tone_is_measured_without_a_crash(value):
    found = measure(np.full((64, 96, 3), value, np.uint8))
    assert found["key_light"].abstained and found["defocus"].abstained


@pytest.mark.parametrize("shape", [(16, 16, 3), (16, 200, 3), (200, 16, 3)])
def test_the_smallest_pictures_are_measured_without_a_crash(shape):
    measure(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
