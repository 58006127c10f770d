const WIDTH = 120;
const HEIGHT = 32;

/** Numbers as a line, oldest first; `length` is how many fit. Null is a gap. */
export function Sparkline({ label, values, length }: { label: string; values: (number | null)[]; length: number }) {
  const highest = Math.max(1, ...values.map((value) => value ?? 0));
  const step = WIDTH / (length - 1);
  const start = length - values.length;
  let path = "";
  let isGap = true;
  values.forEach((value, index) => {
    if (value !== null) {
      const x = ((start + index) * step).toFixed(1);
      const y = (HEIGHT - 2 - (value / highest) * (HEIGHT - 4)).toFixed(1);
      // A line of no length is a dot, for a value without neighbours.
      path += isGap ? `M${x} ${y}h0` : `L${x} ${y}`;
    }
    isGap = value === null;
  });
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="h-8 w-30 text-brand-text">
      <path d={`M0 ${HEIGHT - 1}H${WIDTH}`} className="stroke-line" />
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
