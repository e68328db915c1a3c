// Where lights stand, seen from above: the camera is below, the subject in the middle, left is the camera's left.

export const LIGHTS = ["key", "fill", "rim"];

/** Azimuth 0 is at the camera, 90 at camera right; the higher a light, the nearer it is to the middle. */
export function placeOf({ azimuth, elevation }, radius) {
  const flat = radius * (0.35 + 0.65 * Math.cos((elevation * Math.PI) / 180));
  const angle = (azimuth * Math.PI) / 180;
  return { x: flat * Math.sin(angle), y: flat * Math.cos(angle) };
}

/** The azimuth of a point; the elevation stays, for dragging moves a light around the subject. */
export function azimuthOf(x, y) {
  const degrees = Math.round((Math.atan2(x, y) * 180) / Math.PI);
  return degrees === -180 ? 180 : degrees;
}

/** A light moved by a key: left and right go around, up and down change its height; null for other keys. */
export function nudged({ azimuth, elevation }, key, step) {
  const around = { ArrowLeft: -step, ArrowRight: step }[key];
  const higher = { ArrowUp: step, ArrowDown: -step }[key];
  if (around === undefined && higher === undefined) return null;
  return {
    azimuth: wrapped(azimuth + (around ?? 0)),
    elevation: Math.max(-90, Math.min(90, elevation + (higher ?? 0))),
  };
}

export function wrapped(azimuth) {
  const turned = ((azimuth + 180) % 360 + 360) % 360 - 180;
  return turned === -180 ? 180 : turned;
}

/** A position in words: "45° camera left, 30° up". */
export function inWords({ azimuth, elevation }) {
  const side = azimuth === 0 ? "at the camera" : Math.abs(azimuth) === 180 ? "behind" : `${Math.abs(azimuth)}° camera ${azimuth < 0 ? "left" : "right"}`;
  return `${side}, ${Math.abs(elevation)}° ${elevation < 0 ? "below" : "up"}`;
}
