//! A hue and a name for each radio service, so that the same service looks and reads the same everywhere.

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

/** The service in words: the tables have it as a code such as `FIXED+MOBILE`. A code that nobody named stays as it is. */
export function serviceName(service: string, words: Readonly<Record<string, string>>): string {
  return service
    .split("+")
    .map((part) => words[part.trim().toUpperCase()] ?? part.trim())
    .join(" + ");
}
