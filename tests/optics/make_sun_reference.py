"""Writes `sun_de421.csv`: the sun's place by Skyfield and JPL's DE421, which the tests hold our formula against.

Run by hand: pip install skyfield skyfield-data; python tests/optics/make_sun_reference.py
"""

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from skyfield.api import Loader, wgs84
from skyfield_data import get_skyfield_data_path


def rows(count=200, seed=20261123):
    loader = Loader(get_skyfield_data_path(), expire=False)
    scale, planets = loader.timescale(builtin=True), loader("de421.bsp")
    draw = random.Random(seed)
    for _ in range(count):
        latitude, longitude = round(draw.uniform(-70, 70), 3), round(draw.uniform(-180, 180), 3)
        when = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=draw.randrange(50 * 525_960))
        place = planets["earth"] + wgs84.latlon(latitude, longitude)
        altitude, azimuth, _ = place.at(scale.from_datetime(when)).observe(planets["sun"]).apparent().altaz()
        yield when.isoformat(), latitude, longitude, f"{azimuth.degrees:.4f}", f"{altitude.degrees:.4f}"


if __name__ == "__main__":
    with Path(__file__).with_name("sun_de421.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["utc", "latitude_deg", "longitude_deg", "azimuth_deg", "elevation_deg"])
        writer.writerows(rows())
