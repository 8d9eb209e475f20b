//! A hue for each radio service, so that the same service looks the same everywhere.

const HUES: [RegExp, number][] = [
  [/DISTRESS|SAFETY/, 345],
  [/AERO/, 212],
  [/MARITIME/, 190],
  [/BROADCAST/, 268],
  [/AMATEUR/, 36],
  [/SATELLITE|SPACE|METSAT|EARTH|RNSS/, 305],
  [/RADIOASTR|PASSIVE/, 325],
  [/RADIOLOCATION|RADIONAV/, 18],
  [/ISM|SRD|EXEMPT|WLAN/, 88],
  [/IMT|CELLULAR|LTE|NR|MOBILE/, 152],
  [/FIXED/, 172],
];

export function serviceHue(service: string): number {
  const name = service.toUpperCase();
  return HUES.find(([pattern]) => pattern.test(name))?.[1] ?? 225;
}
