import { TextField } from "@/design/ui/form";

export function NewPasswordField({ name, label }: { name: string; label: string }) {
  return (
    <TextField
      name={name}
      label={label}
      hint="At least 12 characters, and hard to guess: several unrelated words are good."
      type="password"
      autoComplete="new-password"
      minLength={12}
      maxLength={256}
      required
    />
  );
}
