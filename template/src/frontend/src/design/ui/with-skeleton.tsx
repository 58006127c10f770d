import { type ReactNode, Suspense } from "react";

/** How long a page waits for the gateway before it is sent with skeletons. */
const TIMEOUT_MS = 300;

/** What a promise resolves to, or undefined if that takes longer than a page waits. */
export async function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, TIMEOUT_MS, undefined);
  });
  return Promise.race([promise, late]).finally(() => {
    clearTimeout(timer);
  });
}

/**
 * A page or a part of one that waits for the gateway. If it is late, the skeleton is sent in its place, and React replaces that.
 *
 * In time, it still decides on the status of the response, such as 404, and browsers without JavaScript need nothing else.
 */
export function withSkeleton<Props>(render: (props: Props) => Promise<Awaited<ReactNode>>, skeleton: ReactNode) {
  return async function WithSkeleton(props: Props) {
    const content = render(props);
    const found = await inTime(content);
    return <Suspense fallback={skeleton}>{found === undefined ? content : found}</Suspense>;
  };
}
