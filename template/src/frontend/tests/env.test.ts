/** @jest-environment node */
import { readEnv } from "@/env";

const GATEWAY = { GATEWAY_URL: "http://gateway:8000" };

test("settings have defaults", () => {
  expect(readEnv(GATEWAY)).toMatchObject({ ENVIRONMENT: "development", PLAIN_COOKIES: false });
});

test("a missing setting is named", () => {
  expect(() => readEnv({ GATEWAY_URL: "" })).toThrow("GATEWAY_URL is missing. Set it to the value in .env.example.");
});

test("a wrong setting is named without its value", () => {
  expect(() => readEnv({ GATEWAY_URL: "gateway" })).toThrow("GATEWAY_URL should be the http:// or https:// URL");
});

test("production refuses plain cookies", () => {
  const values = { ...GATEWAY, PLAIN_COOKIES: "true" };
  expect(readEnv(values).PLAIN_COOKIES).toBe(true);
  expect(() => readEnv({ ...values, ENVIRONMENT: "production" })).toThrow("PLAIN_COOKIES is for development only");
});
