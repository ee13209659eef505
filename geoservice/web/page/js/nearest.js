/** Which of some lines passes nearest to a place. */

/**
 * @param {any[]} lines features with a name @param {[number, number]} place longitude, latitude @returns {string} "" when no line has a name
 */
export function nearestName(lines, [lon, lat]) {
  const narrow = Math.cos((lat * Math.PI) / 180); // a degree of longitude is shorter
  let best = { name: "", far: Infinity };
  for (const { properties, geometry } of lines) {
    if (!properties.name) continue;
    const parts = geometry.type === "MultiLineString" ? geometry.coordinates : [geometry.coordinates];
    for (const part of parts) {
      const points = part.map((/** @type {number[]} */ [x, y]) => [(x - lon) * narrow, y - lat]);
      for (let at = 1; at < points.length; at += 1) {
        const far = squareToSegment(points[at - 1], points[at]);
        if (far < best.far) best = { name: properties.name, far };
      }
    }
  }
  return best.name;
}

/** Square of the distance from the origin to a segment. @param {number[]} a @param {number[]} b */
function squareToSegment([ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, -(ax * dx + ay * dy) / length)) : 0;
  return (ax + along * dx) ** 2 + (ay + along * dy) ** 2;
}
