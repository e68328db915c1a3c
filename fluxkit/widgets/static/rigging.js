// Where lights stand, seen from above: the camera is below, the subject in the middle, left is the camera's left.

export const LIGHTS = ["key", "fill", "rim"];

export const FIRST_PLACES = {
  key: { azimuth: -45, elevation: 30 },
  fill: { azimuth: 45, elevation: 10 },
  rim: { azimuth: 150, elevation: 30 },
};

const NEAREST = 0.35;
const RAIL = 0.07;

/** How far from the middle a light of some height is drawn: level on the ring, overhead near the middle. */
export function reachOf(elevation, radius) {
  return radius * (1 - (1 - NEAREST) * (Math.abs(elevation) / 90));
}

/** Azimuth 0 is at the camera, 90 at camera right; the higher a light, the nearer it is to the middle. */
export function placeOf({ azimuth, elevation }, radius) {
  const angle = (azimuth * Math.PI) / 180;
  const reach = reachOf(elevation, radius);
  return { x: reach * Math.sin(angle), y: reach * Math.cos(angle) };
}

/** The azimuth of a point. */
export function azimuthOf(x, y) {
  const degrees = Math.round((Math.atan2(x, y) * 180) / Math.PI);
  return degrees === -180 ? 180 : degrees;
}

/** A light dragged to a point. It keeps its height while it is moved around; moved in or out it rises or sinks. */
export function dragged({ elevation }, x, y, radius, { hold = false } = {}) {
  const reach = Math.hypot(x, y) / radius;
  const kept = hold || Math.abs(reach - reachOf(elevation, 1)) < RAIL;
  const height = Math.min(90, Math.max(0, Math.round(((1 - reach) / (1 - NEAREST)) * 90)));
  return { azimuth: azimuthOf(x, y), elevation: kept ? elevation : elevation < 0 ? -height : height };
}

/** A light moved by a key: left and right go around, up and down change its height; null for other keys. */
export function nudged({ azimuth, elevation }, key, step) {
  const around = { ArrowLeft: -step, ArrowRight: step }[key];
  const higher = { ArrowUp: step, ArrowDown: -step, PageUp: 3 * step, PageDown: -3 * step }[key];
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
  const height = elevation === 0 ? "level" : `${Math.abs(elevation)}° ${elevation < 0 ? "below" : "up"}`;
  return `${side}, ${height}`;
}

/** Where light comes from: x to camera right, y up, z towards the camera. */
export function vectorOf({ azimuth, elevation }) {
  const [a, e] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
  return [Math.sin(a) * Math.cos(e), Math.sin(e), Math.cos(a) * Math.cos(e)];
}
