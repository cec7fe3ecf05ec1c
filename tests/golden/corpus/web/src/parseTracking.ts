export interface TrackingNumber {
  service: string;
  serial: number;
  country: string;
}

/** Reads what a customer typed into the search box; null if it is not a tracking number. */
export function parseTrackingNumber(typed: string): TrackingNumber | null {
  const match = /^([A-Z]{2})(\d{9})([A-Z]{2})$/.exec(typed.replace(/\s+/g, "").toUpperCase());
  return match && { service: match[1], serial: Number(match[2].slice(0, 8)), country: match[3] };
}

/** Puts the spaces back that make a tracking number readable. */
export function formatTrackingNumber(number: TrackingNumber): string {
  const digits = String(number.serial).padStart(8, "0");
  return `${number.service} ${digits.slice(0, 4)} ${digits.slice(4)} ${number.country}`;
}
