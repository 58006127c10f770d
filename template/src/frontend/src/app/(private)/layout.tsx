import { Activity, FolderKanban, LogOut } from "lucide-react";
import type { ReactNode } from "react";
import { buttonStyle } from "@/design/ui/button-style";
import { Skeleton } from "@/design/ui/skeleton";
import { withSkeleton } from "@/design/ui/with-skeleton";
import { signOut } from "@/features/auth/actions";
import { currentPath, currentUser } from "@/server/session";
import { Brand } from "../brand";

const ACCOUNT = "/account";

/**
 * The frame of pages for a user. Each page checks the session itself: this is not rendered again when Next changes the page.
 *
 * Its links load the page, so that this frame needs no code in the browser.
 */
export default function PrivateLayout({ children }: Readonly<{ children: ReactNode }>) {
  return (
    <>
      <a
        href="#content"
        className="absolute left-4 -translate-y-full rounded-md bg-brand px-4 py-2 text-sm text-brand-contrast focus:translate-y-2"
      >
        Skip to content
      </a>
      <header className="border-b border-line bg-surface">
        <div className="mx-auto flex w-full max-w-page flex-wrap items-center gap-x-6 px-4 pt-2 sm:px-6 sm:pt-0">
          <Brand />
          <nav aria-label="Main" className="order-last -mx-3 flex w-full gap-1 sm:order-none sm:mx-0 sm:w-auto sm:grow">
            <NavLink href="/projects">
              <FolderKanban aria-hidden="true" className="size-4" />
              Projects
            </NavLink>
            <NavLink href="/status">
              <Activity aria-hidden="true" className="size-4" />
              Status
            </NavLink>
          </nav>
          <div className="ml-auto flex items-center gap-1 sm:ml-0">
            <AccountLink />
            <form action={signOut}>
              <button type="submit" className={buttonStyle("quiet", "px-3!")}>
                <LogOut aria-hidden="true" className="size-4" />
                <span className="sr-only lg:not-sr-only">Sign out</span>
              </button>
            </form>
          </div>
        </div>
      </header>
      {children}
    </>
  );
}

async function AccountLink() {
  const isCurrent = (await currentPath()).startsWith(ACCOUNT);
  return (
    <a
      href={ACCOUNT}
      aria-current={isCurrent ? "true" : undefined}
      className={buttonStyle(
        "quiet",
        "max-w-50 px-3! aria-[current]:bg-brand-soft aria-[current]:text-brand-soft-text",
      )}
    >
      <span className="sr-only">Account of </span>
      <UserName />
    </a>
  );
}

const UserName = withSkeleton(
  async () => {
    const user = await currentUser();
    return <span className="truncate">{user.status === 200 ? user.data.name : "Account"}</span>;
  },
  <Skeleton className="h-5 w-24" />,
);

async function NavLink({ href, children }: { href: string; children: ReactNode }) {
  const isCurrent = (await currentPath()).startsWith(href);
  return (
    <a
      href={href}
      aria-current={isCurrent ? "true" : undefined}
      className="flex min-h-12 items-center gap-2 border-b-2 border-transparent px-3 pt-0.5 text-sm font-medium text-muted hover:text-ink aria-[current]:border-brand aria-[current]:text-ink sm:min-h-14"
    >
      {children}
    </a>
  );
}
