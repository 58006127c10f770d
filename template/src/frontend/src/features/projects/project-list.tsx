import { ChevronRight } from "lucide-react";
import Link from "next/link";
import type { ProjectOut } from "@/api/generated/api";
import { ROLE_NAMES } from "@/api/roles";
import { Badge } from "@/design/ui/alert";

export function ProjectList({ projects }: { projects: ProjectOut[] }) {
  return (
    <ul
      aria-label="Projects"
      className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface shadow-card"
    >
      {projects.map((project) => (
        <li key={project.id} className="relative flex items-center gap-4 px-5 py-4 hover:bg-sunken sm:px-6">
          <div className="grid min-w-0 grow gap-0.5">
            <Link
              href={`/projects/${project.id}`}
              prefetch={false}
              className="truncate font-medium after:absolute after:inset-0"
            >
              {project.name}
            </Link>
            {project.description ? <p className="truncate text-sm text-muted">{project.description}</p> : null}
          </div>
          <Badge>{ROLE_NAMES[project.role]}</Badge>
          <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-muted" />
        </li>
      ))}
    </ul>
  );
}
