import type { Metadata } from "next";

export const metadata: Metadata = { title: "Home" };

export default function Home() {
  return (
    <main>
      <h1>Home</h1>
    </main>
  );
}
