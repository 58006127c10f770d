const FORMAT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

/** A time that reads the same on the server and in every browser. */
export function Time({ value }: { value: string }) {
  return <time dateTime={value}>{FORMAT.format(new Date(value))} UTC</time>;
}
