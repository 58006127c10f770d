import nextJest from "next/jest.js";

const createConfig = nextJest({ dir: "./" });

export default createConfig({
    testEnvironment: "jsdom",
    setupFilesAfterEnv: ["<rootDir>/tests/setup.ts"],
    testMatch: ["<rootDir>/tests/**/*.test.ts?(x)"],
    modulePathIgnorePatterns: ["<rootDir>/.next/"],
    moduleNameMapper: { "^@/(.*)$": "<rootDir>/src/$1", "^server-only$": "<rootDir>/tests/empty.ts" },
});
