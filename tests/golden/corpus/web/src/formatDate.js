const STEPS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/** Says in words how long ago something happened: "3 hours ago". */
export function relativeTime(date, now = new Date()) {
  const seconds = (now - date) / 1000;
  for (const [unit, length] of STEPS) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${unit}${count > 1 ? "s" : ""} ago`;
  }
  return "just now";
}

/** Formats a date in the customer's language. */
export function formatDate(date, locale) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }).format(date);
}
