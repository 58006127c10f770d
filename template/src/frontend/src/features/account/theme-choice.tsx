import { buttonStyle } from "@/design/ui/button-style";
import { chosenTheme } from "@/server/theme";
import { chooseTheme } from "./actions";

const THEMES = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

export async function ThemeChoice() {
  const chosen = (await chosenTheme()) ?? "system";
  return (
    <form action={chooseTheme} className="flex flex-wrap gap-3">
      {THEMES.map(([name, text]) => (
        <button
          key={name}
          type="submit"
          name="theme"
          value={name}
          aria-pressed={name === chosen}
          className={buttonStyle(
            "secondary",
            "aria-pressed:border-brand aria-pressed:bg-brand-soft aria-pressed:text-brand-soft-text",
          )}
        >
          {text}
        </button>
      ))}
    </form>
  );
}
