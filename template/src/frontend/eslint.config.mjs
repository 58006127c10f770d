import next from "eslint-config-next/core-web-vitals";
import nextTypescript from "eslint-config-next/typescript";
import tseslint from "typescript-eslint";

const TYPESCRIPT = ["**/*.ts", "**/*.tsx"];

const config = [
    { ignores: [".next/**", "next-env.d.ts", "src/api/generated/**", "test-results/**"] },
    { linterOptions: { reportUnusedDisableDirectives: "error", noInlineConfig: true } },
    ...next,
    ...nextTypescript,
    ...tseslint.configs.strictTypeChecked.map((each) => ({ ...each, files: TYPESCRIPT })),
    {
        files: TYPESCRIPT,
        languageOptions: { parserOptions: { projectService: true } },
        rules: {
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            "no-restricted-properties": ["error", { object: "process", property: "env", message: "Use src/env.ts." }],
        },
    },
    { files: ["src/env.ts", "src/instrumentation.ts", "e2e/env.ts"], rules: { "no-restricted-properties": "off" } },
    {
        files: ["src/features/**"],
        rules: {
            "no-restricted-imports": [
                "error",
                { patterns: [{ group: ["@/features/*", "../*"], message: "A feature does not import another." }] },
            ],
        },
    },
    {
        files: ["src/design/**", "src/server/**"],
        rules: {
            "no-restricted-imports": [
                "error",
                { patterns: [{ group: ["@/features/*", "@/app/*"], message: "This is below the features." }] },
            ],
        },
    },
];

export default config;
