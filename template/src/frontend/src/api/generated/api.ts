/**
 * Written by `nox -s client` from openapi.json.
 */
import { send } from '../../server/gateway';
/**
 * The deletion of the current user.
 */
export interface AccountDeletion {
  /** Whether to delete the projects, with their members, that nobody else owns. */
  delete_projects?: boolean;
  /**
     * The current password.
     * @maxLength 256
     */
  password: string;
}

/**
 * A user who has done something.
 */
export interface Actor {
  /** The email address; null if the user was deleted. */
  email: string | null;
  /** The ID of the user. */
  id: string;
  /** The name; null if the user was deleted. */
  name: string | null;
}

/**
 * An export of the audit events of a project.
 */
export interface AuditExportOut {
  /** When it was requested; it is deleted about a day later. */
  created_at: string;
  /** The number of events; null until it can be downloaded. */
  events: number | null;
  /** When it was written; null until it can be downloaded. */
  finished_at: string | null;
  /** The number of bytes; null until it can be downloaded. */
  size: number | null;
}

/**
 * Whether the dependency is available.
 */
export type ComponentStatus = typeof ComponentStatus[keyof typeof ComponentStatus];


export const ComponentStatus = {
  ok: 'ok',
  degraded: 'degraded',
  failed: 'failed',
} as const;

/**
 * The state of a dependency.
 */
export interface Component {
  /** Milliseconds that the check took. */
  latency_ms: number;
  /** Why the check failed; only present on failure. */
  reason?: string | null;
  /** Whether the dependency is available. */
  status: ComponentStatus;
}

/**
 * The credentials of a user.
 */
export interface Credentials {
  /** The email address, in any case. */
  email: string;
  /**
     * The password.
     * @maxLength 256
     */
  password: string;
}

/**
 * A new email address of the current user.
 */
export interface EmailChange {
  /** The new email address. */
  email: string;
  /**
     * The current password.
     * @maxLength 256
     */
  password: string;
}

/**
 * An email address that gets a mail, if it has a reason for it.
 */
export interface EmailRequest {
  /** The email address, in any case. */
  email: string;
}

/**
 * More about the action, such as the role of a new member.
 */
export type EventOutDetails = { [key: string]: unknown };

/**
 * An audit event: who did what, when and from where.
 */
export interface EventOut {
  /** What happened. */
  action: string;
  /** Who did it; null if it was not a user. */
  actor: Actor | null;
  /** The IP address of the request. */
  address: string | null;
  /** When it happened. */
  created_at: string;
  /** More about the action, such as the role of a new member. */
  details: EventOutDetails;
  /** The browser and the operating system, or the program, of the request. */
  device: string | null;
  /** The ID of the event. */
  id: string;
  /** The ID of the request, as in logs and in the response header `X-Request-ID`. */
  request_id: string | null;
}

/**
 * A page of audit events.
 */
export interface EventPage {
  /** Events, newest first. */
  items: EventOut[];
  /** The cursor of the next page; null on the last page. */
  next: string | null;
}

/**
 * The dependencies by name.
 */
export type HealthComponents = {[key: string]: Component};

/**
 * Whether all dependencies are available.
 */
export type HealthStatus = typeof HealthStatus[keyof typeof HealthStatus];


export const HealthStatus = {
  ok: 'ok',
  degraded: 'degraded',
  failed: 'failed',
} as const;

/**
 * The state of a service and its dependencies.
 */
export interface Health {
  /** The dependencies by name. */
  components: HealthComponents;
  /** Whether all dependencies are available. */
  status: HealthStatus;
}

/**
 * A part of the request that failed validation.
 */
export interface InvalidValue {
  /** The kind of error, for programs; `missing` for a required value. */
  code: string;
  /** The name of the field or parameter, such as `items.0.name` in a body; `body` for the body itself. */
  field: string;
  /** What is wrong with the value, for people. */
  message: string;
}

/**
 * The role of a member: viewers read, editors also change, owners also delete and manage members.
 */
export type Role = typeof Role[keyof typeof Role];


export const Role = {
  viewer: 'viewer',
  editor: 'editor',
  owner: 'owner',
} as const;

/**
 * An invitation for its receiver.
 */
export interface InvitationOut {
  /** When it was sent. */
  created_at: string;
  /** When it expires. */
  expires_at: string;
  /** The ID of the invitation. */
  id: string;
  /** The name of the owner of the project who sent it. */
  invited_by: string;
  /** The name of the project. */
  project: string;
  /** The role of the new member. */
  role: Role;
}

/**
 * A page of invitations.
 */
export interface InvitationPage {
  /** Invitations, oldest first. */
  items: InvitationOut[];
  /** The cursor of the next page; null on the last page. */
  next: string | null;
}

export type JwksKeysItem = {[key: string]: string};

/**
 * A JSON Web Key Set (RFC 7517).
 */
export interface Jwks {
  /** The public keys. */
  keys: JwksKeysItem[];
}

/**
 * The token of a mailed link.
 */
export interface LinkToken {
  /**
     * The token, which works once.
     * @maxLength 256
     */
  token: string;
}

/**
 * The process responds.
 */
export const LivenessValue = {
  /** Always `ok`. */
  status: 'ok',
} as const;
export type Liveness = typeof LivenessValue;

/**
 * An email address to invite to a project.
 */
export interface MemberInvitation {
  /** The email address, in any case. */
  email: string;
  /** The role of the new member. */
  role: Role;
}

/**
 * A member of a project.
 */
export interface MemberOut {
  /** When the user became a member. */
  created_at: string;
  /** The email address of the user. */
  email: string;
  /** The name of the user. */
  name: string;
  /** The role in the project. */
  role: Role;
  /** The ID of the user. */
  user_id: string;
}

/**
 * A page of members.
 */
export interface MemberPage {
  /** Members, oldest first. */
  items: MemberOut[];
  /** The cursor of the next page; null on the last page. */
  next: string | null;
}

/**
 * Changes to a member.
 */
export interface MemberUpdate {
  /** The new role. */
  role: Role;
}

/**
 * A new password.
 */
export interface PasswordChange {
  /**
     * The new password; neither a common one nor the user's name or address.
     * @minLength 12
     * @maxLength 256
     */
  new_password: string;
  /**
     * The current password.
     * @maxLength 256
     */
  password: string;
}

/**
 * A new password after the old one was forgotten.
 */
export interface PasswordReset {
  /**
     * The new password; neither a common one nor the user's name or address.
     * @minLength 12
     * @maxLength 256
     */
  new_password: string;
  /**
     * The token, which works once.
     * @maxLength 256
     */
  token: string;
}

/**
 * An invitation for owners of the project.
 */
export interface PendingInvitationOut {
  /** When it was sent. */
  created_at: string;
  /** The invited email address. */
  email: string;
  /** When it expires. */
  expires_at: string;
  /** The ID of the invitation. */
  id: string;
  /** The name of the owner of the project who sent it. */
  invited_by: string;
  /** The role of the new member. */
  role: Role;
}

/**
 * A page of invitations to a project.
 */
export interface PendingInvitationPage {
  /** Invitations, oldest first. */
  items: PendingInvitationOut[];
  /** The cursor of the next page; null on the last page. */
  next: string | null;
}

/**
 * An error, as problem details (RFC 9457).
 */
export interface Problem {
  /** The kind of error, for programs; it does not change. */
  code: string;
  /** What went wrong, for people. */
  detail: string;
  /** The HTTP status. */
  status: number;
  /** The name of the status. */
  title: string;
  /** The ID of the trace of the request, for reports to the operator; missing if tracing is off. */
  trace_id?: string;
  /** Always `about:blank`: the status and the code describe the kind of error. */
  type?: string;
}

/**
 * A project to create.
 */
export interface ProjectCreate {
  /**
     * The description.
     * @maxLength 10000
     * @pattern ^[^\x00]*$
     */
  description?: string;
  /**
     * The name.
     * @minLength 1
     * @maxLength 200
     * @pattern ^[^\x00]*$
     */
  name: string;
}

/**
 * A project.
 */
export interface ProjectOut {
  /** When the project was created. */
  created_at: string;
  /** The description; may be empty. */
  description: string;
  /** The ID of the project. */
  id: string;
  /** The name. */
  name: string;
  /** The current user's role in the project. */
  role: Role;
  /** When the name or description last changed. */
  updated_at: string;
}

/**
 * A page of projects.
 */
export interface ProjectPage {
  /** Projects, newest membership first. */
  items: ProjectOut[];
  /** The cursor of the next page; null on the last page. */
  next: string | null;
}

/**
 * Changes to a project; at least one field is required, and omitted fields stay unchanged.
 */
export interface ProjectUpdate {
  /** The new description. */
  description?: string | null;
  /** The new name. */
  name?: string | null;
}

/**
 * A refresh token to exchange.
 */
export interface RefreshRequest {
  /**
     * The latest refresh token of the session.
     * @maxLength 256
     */
  refresh_token: string;
}

/**
 * A user to create.
 */
export interface Registration {
  /** The email address; unique, compared without case. */
  email: string;
  /**
     * The name shown to other users.
     * @minLength 1
     * @maxLength 200
     * @pattern ^[^\x00]*$
     */
  name: string;
  /**
     * The password.
     * @minLength 12
     * @maxLength 256
     */
  password: string;
}

/**
 * A session of the current user.
 */
export interface SessionOut {
  /** The IP address of the last log-in or refresh. */
  address: string | null;
  /** When the user logged in. */
  created_at: string;
  /** The browser and the operating system, or the program, of the last log-in or refresh. */
  device: string | null;
  /** When the session ends unless it is refreshed. */
  expires_at: string;
  /** The ID of the session. */
  id: string;
  /** Whether this is the session of the request. */
  is_current: boolean;
  /** When the tokens were last refreshed. */
  refreshed_at: string;
}

/**
 * The active sessions of the current user.
 */
export interface SessionList {
  /** Sessions, latest refresh first. */
  items: SessionOut[];
}

/**
 * An access token and a refresh token.
 */
export interface Tokens {
  /** A JWT for the `Authorization: Bearer` header of requests. */
  access_token: string;
  /** Seconds until the access token expires. */
  expires_in: number;
  /** The token that is exchanged for new tokens; it can be used once. */
  refresh_token: string;
  /** The authentication scheme of the access token. */
  token_type?: 'Bearer';
}

/**
 * A project that nobody else owns.
 */
export interface UnownedProject {
  /** The ID of the project. */
  id: string;
  /** The name. */
  name: string;
}

/**
 * Projects would have no owner.
 */
export interface UnownedProjectsProblem {
  /** The kind of error, for programs; it does not change. */
  code: string;
  /** What went wrong, for people. */
  detail: string;
  /** These projects; at most 100. */
  projects: UnownedProject[];
  /** The HTTP status. */
  status: number;
  /** The name of the status. */
  title: string;
  /** The ID of the trace of the request, for reports to the operator; missing if tracing is off. */
  trace_id?: string;
  /** Always `about:blank`: the status and the code describe the kind of error. */
  type?: string;
}

/**
 * A user.
 */
export interface UserOut {
  /** The email address, in lower case. */
  email: string;
  /** The ID of the user. */
  id: string;
  /** The name shown to other users. */
  name: string;
}

/**
 * Changes to the current user.
 */
export interface UserUpdate {
  /**
     * The new name.
     * @minLength 1
     * @maxLength 200
     * @pattern ^[^\x00]*$
     */
  name: string;
}

/**
 * The request failed validation.
 */
export interface ValidationProblem {
  /** The kind of error, for programs; it does not change. */
  code: string;
  /** What went wrong, for people. */
  detail: string;
  /** The invalid and missing values; at most 32. */
  errors: InvalidValue[];
  /** The HTTP status. */
  status: number;
  /** The name of the status. */
  title: string;
  /** The ID of the trace of the request, for reports to the operator; missing if tracing is off. */
  trace_id?: string;
  /** Always `about:blank`: the status and the code describe the kind of error. */
  type?: string;
}

/**
 * The end of a registration.
 */
export interface Verification {
  /**
     * The password of the registration.
     * @maxLength 256
     */
  password: string;
  /**
     * The token, which works once.
     * @maxLength 256
     */
  token: string;
}

/**
 * The path, a header or the body is malformed.
 */
export type Error400Response = Problem;

/**
 * The request was not sent in time.
 */
export type Error408Response = Problem;

/**
 * The body is too large.
 */
export type Error413Response = Problem;

/**
 * Too many requests.
 */
export type Error429Response = Problem;

/**
 * Internal server error.
 */
export type Error500Response = Problem;

/**
 * A service is unavailable or failed.
 */
export type Error502Response = Problem;

/**
 * A dependency is unavailable or overloaded.
 */
export type Error503Response = Problem;

/**
 * A service did not respond in time.
 */
export type Error504Response = Problem;

export type ListOwnInvitationsParams = {
/**
 * The maximum number of items to return.
 * @minimum 1
 * @maximum 100
 */
limit?: number;
/**
 * The `next` of the previous page; omit it for the first page.
 */
cursor?: string | null;
};

export type ListProjectsParams = {
/**
 * The maximum number of items to return.
 * @minimum 1
 * @maximum 100
 */
limit?: number;
/**
 * A part of the name, in any case; empty for all projects.
 * @maxLength 200
 * @pattern ^[^\x00]*$
 */
search?: string;
/**
 * The `next` of the previous page; omit it for the first page.
 */
cursor?: string | null;
};

export type ListEventsParams = {
/**
 * The maximum number of items to return.
 * @minimum 1
 * @maximum 100
 */
limit?: number;
/**
 * The `next` of the previous page; omit it for the first page.
 */
cursor?: string | null;
};

export type ListInvitationsParams = {
/**
 * The maximum number of items to return.
 * @minimum 1
 * @maximum 100
 */
limit?: number;
/**
 * The `next` of the previous page; omit it for the first page.
 */
cursor?: string | null;
};

export type ListMembersParams = {
/**
 * The maximum number of items to return.
 * @minimum 1
 * @maximum 100
 */
limit?: number;
/**
 * The `next` of the previous page; omit it for the first page.
 */
cursor?: string | null;
};

export type getJwksResponse200 = {
  data: Jwks
  status: 200
}

export type getJwksResponse400 = {
  data: Error400Response
  status: 400
}

export type getJwksResponse408 = {
  data: Error408Response
  status: 408
}

export type getJwksResponse413 = {
  data: Error413Response
  status: 413
}

export type getJwksResponse429 = {
  data: Error429Response
  status: 429
}

export type getJwksResponse500 = {
  data: Error500Response
  status: 500
}

export type getJwksResponse502 = {
  data: Error502Response
  status: 502
}

export type getJwksResponse503 = {
  data: Error503Response
  status: 503
}

export type getJwksResponse504 = {
  data: Error504Response
  status: 504
}

export type getJwksResponseSuccess = (getJwksResponse200) & {
  headers: Headers;
};
export type getJwksResponseError = (getJwksResponse400 | getJwksResponse408 | getJwksResponse413 | getJwksResponse429 | getJwksResponse500 | getJwksResponse502 | getJwksResponse503 | getJwksResponse504) & {
  headers: Headers;
};

export type getJwksResponse = (getJwksResponseSuccess | getJwksResponseError)

export const getGetJwksUrl = () => {




  return `/.well-known/jwks.json`
}

/**
 * The public keys that verify access tokens.
 * @summary Get JWKS
 */
export const getJwks = async ( options?: Parameters<typeof send>[1]): Promise<getJwksResponse> => {

  return send<getJwksResponse>(getGetJwksUrl(),
  {
    ...options,
    method: 'GET'


  }
);}



export type changeEmailResponse202 = {
  data: void
  status: 202
}

export type changeEmailResponse400 = {
  data: Error400Response
  status: 400
}

export type changeEmailResponse401 = {
  data: Problem
  status: 401
}

export type changeEmailResponse403 = {
  data: Problem
  status: 403
}

export type changeEmailResponse408 = {
  data: Error408Response
  status: 408
}

export type changeEmailResponse413 = {
  data: Error413Response
  status: 413
}

export type changeEmailResponse422 = {
  data: ValidationProblem
  status: 422
}

export type changeEmailResponse429 = {
  data: Problem
  status: 429
}

export type changeEmailResponse500 = {
  data: Error500Response
  status: 500
}

export type changeEmailResponse501 = {
  data: Problem
  status: 501
}

export type changeEmailResponse502 = {
  data: Error502Response
  status: 502
}

export type changeEmailResponse503 = {
  data: Problem
  status: 503
}

export type changeEmailResponse504 = {
  data: Error504Response
  status: 504
}

export type changeEmailResponseSuccess = (changeEmailResponse202) & {
  headers: Headers;
};
export type changeEmailResponseError = (changeEmailResponse400 | changeEmailResponse401 | changeEmailResponse403 | changeEmailResponse408 | changeEmailResponse413 | changeEmailResponse422 | changeEmailResponse429 | changeEmailResponse500 | changeEmailResponse501 | changeEmailResponse502 | changeEmailResponse503 | changeEmailResponse504) & {
  headers: Headers;
};

export type changeEmailResponse = (changeEmailResponseSuccess | changeEmailResponseError)

export const getChangeEmailUrl = () => {




  return `/api/auth/change-email`
}

/**
 * Mail a link to a new address of the current user, which confirms it; until then, the old one remains.
 * @summary Change Email
 */
export const changeEmail = async (emailChange: EmailChange, options?: Parameters<typeof send>[1]): Promise<changeEmailResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<changeEmailResponse>(getChangeEmailUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(emailChange)
  }
);}



export type changePasswordResponse204 = {
  data: void
  status: 204
}

export type changePasswordResponse400 = {
  data: Error400Response
  status: 400
}

export type changePasswordResponse401 = {
  data: Problem
  status: 401
}

export type changePasswordResponse403 = {
  data: Problem
  status: 403
}

export type changePasswordResponse408 = {
  data: Error408Response
  status: 408
}

export type changePasswordResponse413 = {
  data: Error413Response
  status: 413
}

export type changePasswordResponse422 = {
  data: ValidationProblem
  status: 422
}

export type changePasswordResponse429 = {
  data: Problem
  status: 429
}

export type changePasswordResponse500 = {
  data: Error500Response
  status: 500
}

export type changePasswordResponse502 = {
  data: Error502Response
  status: 502
}

export type changePasswordResponse503 = {
  data: Problem
  status: 503
}

export type changePasswordResponse504 = {
  data: Error504Response
  status: 504
}

export type changePasswordResponseSuccess = (changePasswordResponse204) & {
  headers: Headers;
};
export type changePasswordResponseError = (changePasswordResponse400 | changePasswordResponse401 | changePasswordResponse403 | changePasswordResponse408 | changePasswordResponse413 | changePasswordResponse422 | changePasswordResponse429 | changePasswordResponse500 | changePasswordResponse502 | changePasswordResponse503 | changePasswordResponse504) & {
  headers: Headers;
};

export type changePasswordResponse = (changePasswordResponseSuccess | changePasswordResponseError)

export const getChangePasswordUrl = () => {




  return `/api/auth/change-password`
}

/**
 * Change the password and end all other sessions of the current user.
 *
 * With the code `access_token_active`, both have happened, but access tokens of other sessions are accepted until they
 * expire, or a log-in or the end of these sessions succeeds.
 * @summary Change Password
 */
export const changePassword = async (passwordChange: PasswordChange, options?: Parameters<typeof send>[1]): Promise<changePasswordResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<changePasswordResponse>(getChangePasswordUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(passwordChange)
  }
);}



export type confirmEmailResponse204 = {
  data: void
  status: 204
}

export type confirmEmailResponse400 = {
  data: Error400Response
  status: 400
}

export type confirmEmailResponse408 = {
  data: Error408Response
  status: 408
}

export type confirmEmailResponse413 = {
  data: Error413Response
  status: 413
}

export type confirmEmailResponse422 = {
  data: ValidationProblem
  status: 422
}

export type confirmEmailResponse429 = {
  data: Problem
  status: 429
}

export type confirmEmailResponse500 = {
  data: Error500Response
  status: 500
}

export type confirmEmailResponse502 = {
  data: Error502Response
  status: 502
}

export type confirmEmailResponse503 = {
  data: Problem
  status: 503
}

export type confirmEmailResponse504 = {
  data: Error504Response
  status: 504
}

export type confirmEmailResponseSuccess = (confirmEmailResponse204) & {
  headers: Headers;
};
export type confirmEmailResponseError = (confirmEmailResponse400 | confirmEmailResponse408 | confirmEmailResponse413 | confirmEmailResponse422 | confirmEmailResponse429 | confirmEmailResponse500 | confirmEmailResponse502 | confirmEmailResponse503 | confirmEmailResponse504) & {
  headers: Headers;
};

export type confirmEmailResponse = (confirmEmailResponseSuccess | confirmEmailResponseError)

export const getConfirmEmailUrl = () => {




  return `/api/auth/confirm-email`
}

/**
 * Use the new address with the token of the link; the old address gets a notice.
 * @summary Confirm Email
 */
export const confirmEmail = async (linkToken: LinkToken, options?: Parameters<typeof send>[1]): Promise<confirmEmailResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<confirmEmailResponse>(getConfirmEmailUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(linkToken)
  }
);}



export type deleteAccountResponse204 = {
  data: void
  status: 204
}

export type deleteAccountResponse400 = {
  data: Error400Response
  status: 400
}

export type deleteAccountResponse401 = {
  data: Problem
  status: 401
}

export type deleteAccountResponse403 = {
  data: Problem
  status: 403
}

export type deleteAccountResponse408 = {
  data: Error408Response
  status: 408
}

export type deleteAccountResponse409 = {
  data: UnownedProjectsProblem
  status: 409
}

export type deleteAccountResponse413 = {
  data: Error413Response
  status: 413
}

export type deleteAccountResponse422 = {
  data: ValidationProblem
  status: 422
}

export type deleteAccountResponse429 = {
  data: Problem
  status: 429
}

export type deleteAccountResponse500 = {
  data: Error500Response
  status: 500
}

export type deleteAccountResponse502 = {
  data: Error502Response
  status: 502
}

export type deleteAccountResponse503 = {
  data: Problem
  status: 503
}

export type deleteAccountResponse504 = {
  data: Error504Response
  status: 504
}

export type deleteAccountResponseSuccess = (deleteAccountResponse204) & {
  headers: Headers;
};
export type deleteAccountResponseError = (deleteAccountResponse400 | deleteAccountResponse401 | deleteAccountResponse403 | deleteAccountResponse408 | deleteAccountResponse409 | deleteAccountResponse413 | deleteAccountResponse422 | deleteAccountResponse429 | deleteAccountResponse500 | deleteAccountResponse502 | deleteAccountResponse503 | deleteAccountResponse504) & {
  headers: Headers;
};

export type deleteAccountResponse = (deleteAccountResponseSuccess | deleteAccountResponseError)

export const getDeleteAccountUrl = () => {




  return `/api/auth/delete-account`
}

/**
 * Delete the current user, its sessions and its memberships.
 *
 * Projects with another owner remain. If there are projects that nobody else owns, they are listed, unless
 * `delete_projects` is true: then they are deleted too.
 * @summary Delete Account
 */
export const deleteAccount = async (accountDeletion: AccountDeletion, options?: Parameters<typeof send>[1]): Promise<deleteAccountResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<deleteAccountResponse>(getDeleteAccountUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(accountDeletion)
  }
);}



export type forgotPasswordResponse202 = {
  data: void
  status: 202
}

export type forgotPasswordResponse400 = {
  data: Error400Response
  status: 400
}

export type forgotPasswordResponse408 = {
  data: Error408Response
  status: 408
}

export type forgotPasswordResponse413 = {
  data: Error413Response
  status: 413
}

export type forgotPasswordResponse422 = {
  data: ValidationProblem
  status: 422
}

export type forgotPasswordResponse429 = {
  data: Problem
  status: 429
}

export type forgotPasswordResponse500 = {
  data: Error500Response
  status: 500
}

export type forgotPasswordResponse501 = {
  data: Problem
  status: 501
}

export type forgotPasswordResponse502 = {
  data: Error502Response
  status: 502
}

export type forgotPasswordResponse503 = {
  data: Problem
  status: 503
}

export type forgotPasswordResponse504 = {
  data: Error504Response
  status: 504
}

export type forgotPasswordResponseSuccess = (forgotPasswordResponse202) & {
  headers: Headers;
};
export type forgotPasswordResponseError = (forgotPasswordResponse400 | forgotPasswordResponse408 | forgotPasswordResponse413 | forgotPasswordResponse422 | forgotPasswordResponse429 | forgotPasswordResponse500 | forgotPasswordResponse501 | forgotPasswordResponse502 | forgotPasswordResponse503 | forgotPasswordResponse504) & {
  headers: Headers;
};

export type forgotPasswordResponse = (forgotPasswordResponseSuccess | forgotPasswordResponseError)

export const getForgotPasswordUrl = () => {




  return `/api/auth/forgot-password`
}

/**
 * Mail a link with which a user chooses a new password; the response is the same without a user.
 * @summary Forgot Password
 */
export const forgotPassword = async (emailRequest: EmailRequest, options?: Parameters<typeof send>[1]): Promise<forgotPasswordResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<forgotPasswordResponse>(getForgotPasswordUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(emailRequest)
  }
);}



export type loginResponse200 = {
  data: Tokens
  status: 200
}

export type loginResponse400 = {
  data: Error400Response
  status: 400
}

export type loginResponse401 = {
  data: Problem
  status: 401
}

export type loginResponse408 = {
  data: Error408Response
  status: 408
}

export type loginResponse413 = {
  data: Error413Response
  status: 413
}

export type loginResponse422 = {
  data: ValidationProblem
  status: 422
}

export type loginResponse429 = {
  data: Problem
  status: 429
}

export type loginResponse500 = {
  data: Error500Response
  status: 500
}

export type loginResponse502 = {
  data: Error502Response
  status: 502
}

export type loginResponse503 = {
  data: Problem
  status: 503
}

export type loginResponse504 = {
  data: Error504Response
  status: 504
}

export type loginResponseSuccess = (loginResponse200) & {
  headers: Headers;
};
export type loginResponseError = (loginResponse400 | loginResponse401 | loginResponse408 | loginResponse413 | loginResponse422 | loginResponse429 | loginResponse500 | loginResponse502 | loginResponse503 | loginResponse504) & {
  headers: Headers;
};

export type loginResponse = (loginResponseSuccess | loginResponseError)

export const getLoginUrl = () => {




  return `/api/auth/login`
}

/**
 * Start a session with an email address and a password.
 * @summary Log In
 */
export const login = async (credentials: Credentials, options?: Parameters<typeof send>[1]): Promise<loginResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<loginResponse>(getLoginUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(credentials)
  }
);}



export type logoutResponse204 = {
  data: void
  status: 204
}

export type logoutResponse400 = {
  data: Error400Response
  status: 400
}

export type logoutResponse401 = {
  data: Problem
  status: 401
}

export type logoutResponse408 = {
  data: Error408Response
  status: 408
}

export type logoutResponse413 = {
  data: Error413Response
  status: 413
}

export type logoutResponse429 = {
  data: Error429Response
  status: 429
}

export type logoutResponse500 = {
  data: Error500Response
  status: 500
}

export type logoutResponse502 = {
  data: Error502Response
  status: 502
}

export type logoutResponse503 = {
  data: Problem
  status: 503
}

export type logoutResponse504 = {
  data: Error504Response
  status: 504
}

export type logoutResponseSuccess = (logoutResponse204) & {
  headers: Headers;
};
export type logoutResponseError = (logoutResponse400 | logoutResponse401 | logoutResponse408 | logoutResponse413 | logoutResponse429 | logoutResponse500 | logoutResponse502 | logoutResponse503 | logoutResponse504) & {
  headers: Headers;
};

export type logoutResponse = (logoutResponseSuccess | logoutResponseError)

export const getLogoutUrl = () => {




  return `/api/auth/logout`
}

/**
 * End the current session; its access and refresh tokens stop working immediately.
 *
 * A session that has already ended is no error. With the code `access_token_active`, the session has ended, but the
 * access token is accepted until it expires, unless a repetition succeeds.
 * @summary Log Out
 */
export const logout = async ( options?: Parameters<typeof send>[1]): Promise<logoutResponse> => {

  return send<logoutResponse>(getLogoutUrl(),
  {
    ...options,
    method: 'POST'


  }
);}



export type getCurrentUserResponse200 = {
  data: UserOut
  status: 200
}

export type getCurrentUserResponse400 = {
  data: Error400Response
  status: 400
}

export type getCurrentUserResponse401 = {
  data: Problem
  status: 401
}

export type getCurrentUserResponse408 = {
  data: Error408Response
  status: 408
}

export type getCurrentUserResponse413 = {
  data: Error413Response
  status: 413
}

export type getCurrentUserResponse429 = {
  data: Error429Response
  status: 429
}

export type getCurrentUserResponse500 = {
  data: Error500Response
  status: 500
}

export type getCurrentUserResponse502 = {
  data: Error502Response
  status: 502
}

export type getCurrentUserResponse503 = {
  data: Problem
  status: 503
}

export type getCurrentUserResponse504 = {
  data: Error504Response
  status: 504
}

export type getCurrentUserResponseSuccess = (getCurrentUserResponse200) & {
  headers: Headers;
};
export type getCurrentUserResponseError = (getCurrentUserResponse400 | getCurrentUserResponse401 | getCurrentUserResponse408 | getCurrentUserResponse413 | getCurrentUserResponse429 | getCurrentUserResponse500 | getCurrentUserResponse502 | getCurrentUserResponse503 | getCurrentUserResponse504) & {
  headers: Headers;
};

export type getCurrentUserResponse = (getCurrentUserResponseSuccess | getCurrentUserResponseError)

export const getGetCurrentUserUrl = () => {




  return `/api/auth/me`
}

/**
 * The current user.
 * @summary Get Current User
 */
export const getCurrentUser = async ( options?: Parameters<typeof send>[1]): Promise<getCurrentUserResponse> => {

  return send<getCurrentUserResponse>(getGetCurrentUserUrl(),
  {
    ...options,
    method: 'GET'


  }
);}



export type updateCurrentUserResponse200 = {
  data: UserOut
  status: 200
}

export type updateCurrentUserResponse400 = {
  data: Error400Response
  status: 400
}

export type updateCurrentUserResponse401 = {
  data: Problem
  status: 401
}

export type updateCurrentUserResponse408 = {
  data: Error408Response
  status: 408
}

export type updateCurrentUserResponse413 = {
  data: Error413Response
  status: 413
}

export type updateCurrentUserResponse422 = {
  data: ValidationProblem
  status: 422
}

export type updateCurrentUserResponse429 = {
  data: Error429Response
  status: 429
}

export type updateCurrentUserResponse500 = {
  data: Error500Response
  status: 500
}

export type updateCurrentUserResponse502 = {
  data: Error502Response
  status: 502
}

export type updateCurrentUserResponse503 = {
  data: Problem
  status: 503
}

export type updateCurrentUserResponse504 = {
  data: Error504Response
  status: 504
}

export type updateCurrentUserResponseSuccess = (updateCurrentUserResponse200) & {
  headers: Headers;
};
export type updateCurrentUserResponseError = (updateCurrentUserResponse400 | updateCurrentUserResponse401 | updateCurrentUserResponse408 | updateCurrentUserResponse413 | updateCurrentUserResponse422 | updateCurrentUserResponse429 | updateCurrentUserResponse500 | updateCurrentUserResponse502 | updateCurrentUserResponse503 | updateCurrentUserResponse504) & {
  headers: Headers;
};

export type updateCurrentUserResponse = (updateCurrentUserResponseSuccess | updateCurrentUserResponseError)

export const getUpdateCurrentUserUrl = () => {




  return `/api/auth/me`
}

/**
 * Change the current user.
 * @summary Update Current User
 */
export const updateCurrentUser = async (userUpdate: UserUpdate, options?: Parameters<typeof send>[1]): Promise<updateCurrentUserResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<updateCurrentUserResponse>(getUpdateCurrentUserUrl(),
  {
    ...options,
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(userUpdate)
  }
);}



export type refreshTokensResponse200 = {
  data: Tokens
  status: 200
}

export type refreshTokensResponse400 = {
  data: Error400Response
  status: 400
}

export type refreshTokensResponse401 = {
  data: Problem
  status: 401
}

export type refreshTokensResponse408 = {
  data: Error408Response
  status: 408
}

export type refreshTokensResponse413 = {
  data: Error413Response
  status: 413
}

export type refreshTokensResponse422 = {
  data: ValidationProblem
  status: 422
}

export type refreshTokensResponse429 = {
  data: Problem
  status: 429
}

export type refreshTokensResponse500 = {
  data: Error500Response
  status: 500
}

export type refreshTokensResponse502 = {
  data: Error502Response
  status: 502
}

export type refreshTokensResponse503 = {
  data: Problem
  status: 503
}

export type refreshTokensResponse504 = {
  data: Error504Response
  status: 504
}

export type refreshTokensResponseSuccess = (refreshTokensResponse200) & {
  headers: Headers;
};
export type refreshTokensResponseError = (refreshTokensResponse400 | refreshTokensResponse401 | refreshTokensResponse408 | refreshTokensResponse413 | refreshTokensResponse422 | refreshTokensResponse429 | refreshTokensResponse500 | refreshTokensResponse502 | refreshTokensResponse503 | refreshTokensResponse504) & {
  headers: Headers;
};

export type refreshTokensResponse = (refreshTokensResponseSuccess | refreshTokensResponseError)

export const getRefreshTokensUrl = () => {




  return `/api/auth/refresh`
}

/**
 * Exchange the latest refresh token of a session for new tokens.
 *
 * A refresh token can be used once. Using it again later ends the session, because the token may have been stolen.
 * @summary Refresh Tokens
 */
export const refreshTokens = async (refreshRequest: RefreshRequest, options?: Parameters<typeof send>[1]): Promise<refreshTokensResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<refreshTokensResponse>(getRefreshTokensUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(refreshRequest)
  }
);}



export type registerResponse202 = {
  data: void
  status: 202
}

export type registerResponse400 = {
  data: Error400Response
  status: 400
}

export type registerResponse408 = {
  data: Error408Response
  status: 408
}

export type registerResponse413 = {
  data: Error413Response
  status: 413
}

export type registerResponse422 = {
  data: ValidationProblem
  status: 422
}

export type registerResponse429 = {
  data: Problem
  status: 429
}

export type registerResponse500 = {
  data: Error500Response
  status: 500
}

export type registerResponse501 = {
  data: Problem
  status: 501
}

export type registerResponse502 = {
  data: Error502Response
  status: 502
}

export type registerResponse503 = {
  data: Problem
  status: 503
}

export type registerResponse504 = {
  data: Error504Response
  status: 504
}

export type registerResponseSuccess = (registerResponse202) & {
  headers: Headers;
};
export type registerResponseError = (registerResponse400 | registerResponse408 | registerResponse413 | registerResponse422 | registerResponse429 | registerResponse500 | registerResponse501 | registerResponse502 | registerResponse503 | registerResponse504) & {
  headers: Headers;
};

export type registerResponse = (registerResponseSuccess | registerResponseError)

export const getRegisterUrl = () => {




  return `/api/auth/register`
}

/**
 * Register a user, who gets a link by mail that completes it, or the notice that there is an account already.
 *
 * The response is the same in both cases, so that nobody can find out who has an account.
 * @summary Register
 */
export const register = async (registration: Registration, options?: Parameters<typeof send>[1]): Promise<registerResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<registerResponse>(getRegisterUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(registration)
  }
);}



export type resendVerificationResponse202 = {
  data: void
  status: 202
}

export type resendVerificationResponse400 = {
  data: Error400Response
  status: 400
}

export type resendVerificationResponse408 = {
  data: Error408Response
  status: 408
}

export type resendVerificationResponse413 = {
  data: Error413Response
  status: 413
}

export type resendVerificationResponse422 = {
  data: ValidationProblem
  status: 422
}

export type resendVerificationResponse429 = {
  data: Problem
  status: 429
}

export type resendVerificationResponse500 = {
  data: Error500Response
  status: 500
}

export type resendVerificationResponse501 = {
  data: Problem
  status: 501
}

export type resendVerificationResponse502 = {
  data: Error502Response
  status: 502
}

export type resendVerificationResponse503 = {
  data: Problem
  status: 503
}

export type resendVerificationResponse504 = {
  data: Error504Response
  status: 504
}

export type resendVerificationResponseSuccess = (resendVerificationResponse202) & {
  headers: Headers;
};
export type resendVerificationResponseError = (resendVerificationResponse400 | resendVerificationResponse408 | resendVerificationResponse413 | resendVerificationResponse422 | resendVerificationResponse429 | resendVerificationResponse500 | resendVerificationResponse501 | resendVerificationResponse502 | resendVerificationResponse503 | resendVerificationResponse504) & {
  headers: Headers;
};

export type resendVerificationResponse = (resendVerificationResponseSuccess | resendVerificationResponseError)

export const getResendVerificationUrl = () => {




  return `/api/auth/resend-verification`
}

/**
 * Mail the link of the latest registration again; the response is the same without one.
 * @summary Resend Verification
 */
export const resendVerification = async (emailRequest: EmailRequest, options?: Parameters<typeof send>[1]): Promise<resendVerificationResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<resendVerificationResponse>(getResendVerificationUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(emailRequest)
  }
);}



export type resetPasswordResponse204 = {
  data: void
  status: 204
}

export type resetPasswordResponse400 = {
  data: Error400Response
  status: 400
}

export type resetPasswordResponse408 = {
  data: Error408Response
  status: 408
}

export type resetPasswordResponse413 = {
  data: Error413Response
  status: 413
}

export type resetPasswordResponse422 = {
  data: ValidationProblem
  status: 422
}

export type resetPasswordResponse429 = {
  data: Problem
  status: 429
}

export type resetPasswordResponse500 = {
  data: Error500Response
  status: 500
}

export type resetPasswordResponse502 = {
  data: Error502Response
  status: 502
}

export type resetPasswordResponse503 = {
  data: Problem
  status: 503
}

export type resetPasswordResponse504 = {
  data: Error504Response
  status: 504
}

export type resetPasswordResponseSuccess = (resetPasswordResponse204) & {
  headers: Headers;
};
export type resetPasswordResponseError = (resetPasswordResponse400 | resetPasswordResponse408 | resetPasswordResponse413 | resetPasswordResponse422 | resetPasswordResponse429 | resetPasswordResponse500 | resetPasswordResponse502 | resetPasswordResponse503 | resetPasswordResponse504) & {
  headers: Headers;
};

export type resetPasswordResponse = (resetPasswordResponseSuccess | resetPasswordResponseError)

export const getResetPasswordUrl = () => {




  return `/api/auth/reset-password`
}

/**
 * Choose a new password with the token of the link, and end all sessions of the user.
 *
 * With the code `access_token_active`, both have happened, but access tokens of these sessions are accepted until they
 * expire or the user logs in.
 * @summary Reset Password
 */
export const resetPassword = async (passwordReset: PasswordReset, options?: Parameters<typeof send>[1]): Promise<resetPasswordResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<resetPasswordResponse>(getResetPasswordUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(passwordReset)
  }
);}



export type endOtherSessionsResponse204 = {
  data: void
  status: 204
}

export type endOtherSessionsResponse400 = {
  data: Error400Response
  status: 400
}

export type endOtherSessionsResponse401 = {
  data: Problem
  status: 401
}

export type endOtherSessionsResponse408 = {
  data: Error408Response
  status: 408
}

export type endOtherSessionsResponse413 = {
  data: Error413Response
  status: 413
}

export type endOtherSessionsResponse429 = {
  data: Error429Response
  status: 429
}

export type endOtherSessionsResponse500 = {
  data: Error500Response
  status: 500
}

export type endOtherSessionsResponse502 = {
  data: Error502Response
  status: 502
}

export type endOtherSessionsResponse503 = {
  data: Problem
  status: 503
}

export type endOtherSessionsResponse504 = {
  data: Error504Response
  status: 504
}

export type endOtherSessionsResponseSuccess = (endOtherSessionsResponse204) & {
  headers: Headers;
};
export type endOtherSessionsResponseError = (endOtherSessionsResponse400 | endOtherSessionsResponse401 | endOtherSessionsResponse408 | endOtherSessionsResponse413 | endOtherSessionsResponse429 | endOtherSessionsResponse500 | endOtherSessionsResponse502 | endOtherSessionsResponse503 | endOtherSessionsResponse504) & {
  headers: Headers;
};

export type endOtherSessionsResponse = (endOtherSessionsResponseSuccess | endOtherSessionsResponseError)

export const getEndOtherSessionsUrl = () => {




  return `/api/auth/sessions`
}

/**
 * End all sessions of the current user but the current one, as a log-out ends that.
 * @summary End Other Sessions
 */
export const endOtherSessions = async ( options?: Parameters<typeof send>[1]): Promise<endOtherSessionsResponse> => {

  return send<endOtherSessionsResponse>(getEndOtherSessionsUrl(),
  {
    ...options,
    method: 'DELETE'


  }
);}



export type listSessionsResponse200 = {
  data: SessionList
  status: 200
}

export type listSessionsResponse400 = {
  data: Error400Response
  status: 400
}

export type listSessionsResponse401 = {
  data: Problem
  status: 401
}

export type listSessionsResponse408 = {
  data: Error408Response
  status: 408
}

export type listSessionsResponse413 = {
  data: Error413Response
  status: 413
}

export type listSessionsResponse429 = {
  data: Error429Response
  status: 429
}

export type listSessionsResponse500 = {
  data: Error500Response
  status: 500
}

export type listSessionsResponse502 = {
  data: Error502Response
  status: 502
}

export type listSessionsResponse503 = {
  data: Problem
  status: 503
}

export type listSessionsResponse504 = {
  data: Error504Response
  status: 504
}

export type listSessionsResponseSuccess = (listSessionsResponse200) & {
  headers: Headers;
};
export type listSessionsResponseError = (listSessionsResponse400 | listSessionsResponse401 | listSessionsResponse408 | listSessionsResponse413 | listSessionsResponse429 | listSessionsResponse500 | listSessionsResponse502 | listSessionsResponse503 | listSessionsResponse504) & {
  headers: Headers;
};

export type listSessionsResponse = (listSessionsResponseSuccess | listSessionsResponseError)

export const getListSessionsUrl = () => {




  return `/api/auth/sessions`
}

/**
 * The active sessions of the current user, latest refresh first.
 * @summary List Sessions
 */
export const listSessions = async ( options?: Parameters<typeof send>[1]): Promise<listSessionsResponse> => {

  return send<listSessionsResponse>(getListSessionsUrl(),
  {
    ...options,
    method: 'GET'


  }
);}



export type endSessionResponse204 = {
  data: void
  status: 204
}

export type endSessionResponse400 = {
  data: Error400Response
  status: 400
}

export type endSessionResponse401 = {
  data: Problem
  status: 401
}

export type endSessionResponse404 = {
  data: Problem
  status: 404
}

export type endSessionResponse408 = {
  data: Error408Response
  status: 408
}

export type endSessionResponse413 = {
  data: Error413Response
  status: 413
}

export type endSessionResponse422 = {
  data: ValidationProblem
  status: 422
}

export type endSessionResponse429 = {
  data: Error429Response
  status: 429
}

export type endSessionResponse500 = {
  data: Error500Response
  status: 500
}

export type endSessionResponse502 = {
  data: Error502Response
  status: 502
}

export type endSessionResponse503 = {
  data: Problem
  status: 503
}

export type endSessionResponse504 = {
  data: Error504Response
  status: 504
}

export type endSessionResponseSuccess = (endSessionResponse204) & {
  headers: Headers;
};
export type endSessionResponseError = (endSessionResponse400 | endSessionResponse401 | endSessionResponse404 | endSessionResponse408 | endSessionResponse413 | endSessionResponse422 | endSessionResponse429 | endSessionResponse500 | endSessionResponse502 | endSessionResponse503 | endSessionResponse504) & {
  headers: Headers;
};

export type endSessionResponse = (endSessionResponseSuccess | endSessionResponseError)

export const getEndSessionUrl = (sessionId: string,) => {




  return `/api/auth/sessions/${sessionId}`
}

/**
 * End a session of the current user, as a log-out ends the current one.
 * @summary End Session
 */
export const endSession = async (sessionId: string, options?: Parameters<typeof send>[1]): Promise<endSessionResponse> => {

  return send<endSessionResponse>(getEndSessionUrl(sessionId),
  {
    ...options,
    method: 'DELETE'


  }
);}



export type verifyResponse200 = {
  data: Tokens
  status: 200
}

export type verifyResponse400 = {
  data: Error400Response
  status: 400
}

export type verifyResponse401 = {
  data: Problem
  status: 401
}

export type verifyResponse408 = {
  data: Error408Response
  status: 408
}

export type verifyResponse413 = {
  data: Error413Response
  status: 413
}

export type verifyResponse422 = {
  data: ValidationProblem
  status: 422
}

export type verifyResponse429 = {
  data: Problem
  status: 429
}

export type verifyResponse500 = {
  data: Error500Response
  status: 500
}

export type verifyResponse502 = {
  data: Error502Response
  status: 502
}

export type verifyResponse503 = {
  data: Problem
  status: 503
}

export type verifyResponse504 = {
  data: Error504Response
  status: 504
}

export type verifyResponseSuccess = (verifyResponse200) & {
  headers: Headers;
};
export type verifyResponseError = (verifyResponse400 | verifyResponse401 | verifyResponse408 | verifyResponse413 | verifyResponse422 | verifyResponse429 | verifyResponse500 | verifyResponse502 | verifyResponse503 | verifyResponse504) & {
  headers: Headers;
};

export type verifyResponse = (verifyResponseSuccess | verifyResponseError)

export const getVerifyUrl = () => {




  return `/api/auth/verify`
}

/**
 * Complete a registration with the token of the link and the password, and start a session.
 * @summary Verify
 */
export const verify = async (verification: Verification, options?: Parameters<typeof send>[1]): Promise<verifyResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<verifyResponse>(getVerifyUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(verification)
  }
);}



export type listOwnInvitationsResponse200 = {
  data: InvitationPage
  status: 200
}

export type listOwnInvitationsResponse400 = {
  data: Error400Response
  status: 400
}

export type listOwnInvitationsResponse401 = {
  data: Problem
  status: 401
}

export type listOwnInvitationsResponse408 = {
  data: Error408Response
  status: 408
}

export type listOwnInvitationsResponse413 = {
  data: Error413Response
  status: 413
}

export type listOwnInvitationsResponse422 = {
  data: ValidationProblem
  status: 422
}

export type listOwnInvitationsResponse429 = {
  data: Error429Response
  status: 429
}

export type listOwnInvitationsResponse500 = {
  data: Error500Response
  status: 500
}

export type listOwnInvitationsResponse502 = {
  data: Error502Response
  status: 502
}

export type listOwnInvitationsResponse503 = {
  data: Problem
  status: 503
}

export type listOwnInvitationsResponse504 = {
  data: Error504Response
  status: 504
}

export type listOwnInvitationsResponseSuccess = (listOwnInvitationsResponse200) & {
  headers: Headers;
};
export type listOwnInvitationsResponseError = (listOwnInvitationsResponse400 | listOwnInvitationsResponse401 | listOwnInvitationsResponse408 | listOwnInvitationsResponse413 | listOwnInvitationsResponse422 | listOwnInvitationsResponse429 | listOwnInvitationsResponse500 | listOwnInvitationsResponse502 | listOwnInvitationsResponse503 | listOwnInvitationsResponse504) & {
  headers: Headers;
};

export type listOwnInvitationsResponse = (listOwnInvitationsResponseSuccess | listOwnInvitationsResponseError)

export const getListOwnInvitationsUrl = (params?: ListOwnInvitationsParams,) => {
  const normalizedParams = new URLSearchParams();

  Object.entries(params || {}).forEach(([key, value]) => {

    if (value !== undefined) {
      normalizedParams.append(key, value === null ? 'null' : String(value))
    }
  });

  const stringifiedParams = normalizedParams.toString();

  return stringifiedParams.length > 0 ? `/api/invitations?${stringifiedParams}` : `/api/invitations`
}

/**
 * The invitations of the current user's email address, oldest first.
 * @summary List Own Invitations
 */
export const listOwnInvitations = async (params?: ListOwnInvitationsParams, options?: Parameters<typeof send>[1]): Promise<listOwnInvitationsResponse> => {

  return send<listOwnInvitationsResponse>(getListOwnInvitationsUrl(params),
  {
    ...options,
    method: 'GET'


  }
);}



export type openInvitationResponse200 = {
  data: InvitationOut
  status: 200
}

export type openInvitationResponse400 = {
  data: Error400Response
  status: 400
}

export type openInvitationResponse408 = {
  data: Error408Response
  status: 408
}

export type openInvitationResponse413 = {
  data: Error413Response
  status: 413
}

export type openInvitationResponse422 = {
  data: ValidationProblem
  status: 422
}

export type openInvitationResponse429 = {
  data: Error429Response
  status: 429
}

export type openInvitationResponse500 = {
  data: Error500Response
  status: 500
}

export type openInvitationResponse502 = {
  data: Error502Response
  status: 502
}

export type openInvitationResponse503 = {
  data: Problem
  status: 503
}

export type openInvitationResponse504 = {
  data: Error504Response
  status: 504
}

export type openInvitationResponseSuccess = (openInvitationResponse200) & {
  headers: Headers;
};
export type openInvitationResponseError = (openInvitationResponse400 | openInvitationResponse408 | openInvitationResponse413 | openInvitationResponse422 | openInvitationResponse429 | openInvitationResponse500 | openInvitationResponse502 | openInvitationResponse503 | openInvitationResponse504) & {
  headers: Headers;
};

export type openInvitationResponse = (openInvitationResponseSuccess | openInvitationResponseError)

export const getOpenInvitationUrl = () => {




  return `/api/invitations/open`
}

/**
 * The invitation of a mailed link, which somebody without an account sees too; this changes nothing.
 * @summary Open Invitation
 */
export const openInvitation = async (linkToken: LinkToken, options?: Parameters<typeof send>[1]): Promise<openInvitationResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<openInvitationResponse>(getOpenInvitationUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(linkToken)
  }
);}



export type acceptInvitationResponse200 = {
  data: ProjectOut
  status: 200
}

export type acceptInvitationResponse400 = {
  data: Error400Response
  status: 400
}

export type acceptInvitationResponse401 = {
  data: Problem
  status: 401
}

export type acceptInvitationResponse404 = {
  data: Problem
  status: 404
}

export type acceptInvitationResponse408 = {
  data: Error408Response
  status: 408
}

export type acceptInvitationResponse413 = {
  data: Error413Response
  status: 413
}

export type acceptInvitationResponse422 = {
  data: ValidationProblem
  status: 422
}

export type acceptInvitationResponse429 = {
  data: Error429Response
  status: 429
}

export type acceptInvitationResponse500 = {
  data: Error500Response
  status: 500
}

export type acceptInvitationResponse502 = {
  data: Error502Response
  status: 502
}

export type acceptInvitationResponse503 = {
  data: Problem
  status: 503
}

export type acceptInvitationResponse504 = {
  data: Error504Response
  status: 504
}

export type acceptInvitationResponseSuccess = (acceptInvitationResponse200) & {
  headers: Headers;
};
export type acceptInvitationResponseError = (acceptInvitationResponse400 | acceptInvitationResponse401 | acceptInvitationResponse404 | acceptInvitationResponse408 | acceptInvitationResponse413 | acceptInvitationResponse422 | acceptInvitationResponse429 | acceptInvitationResponse500 | acceptInvitationResponse502 | acceptInvitationResponse503 | acceptInvitationResponse504) & {
  headers: Headers;
};

export type acceptInvitationResponse = (acceptInvitationResponseSuccess | acceptInvitationResponseError)

export const getAcceptInvitationUrl = (invitationId: string,) => {




  return `/api/invitations/${invitationId}/accept`
}

/**
 * Become a member of the project. Only the user with the invited email address can accept.
 * @summary Accept Invitation
 */
export const acceptInvitation = async (invitationId: string, options?: Parameters<typeof send>[1]): Promise<acceptInvitationResponse> => {

  return send<acceptInvitationResponse>(getAcceptInvitationUrl(invitationId),
  {
    ...options,
    method: 'POST'


  }
);}



export type declineInvitationResponse204 = {
  data: void
  status: 204
}

export type declineInvitationResponse400 = {
  data: Error400Response
  status: 400
}

export type declineInvitationResponse401 = {
  data: Problem
  status: 401
}

export type declineInvitationResponse404 = {
  data: Problem
  status: 404
}

export type declineInvitationResponse408 = {
  data: Error408Response
  status: 408
}

export type declineInvitationResponse413 = {
  data: Error413Response
  status: 413
}

export type declineInvitationResponse422 = {
  data: ValidationProblem
  status: 422
}

export type declineInvitationResponse429 = {
  data: Error429Response
  status: 429
}

export type declineInvitationResponse500 = {
  data: Error500Response
  status: 500
}

export type declineInvitationResponse502 = {
  data: Error502Response
  status: 502
}

export type declineInvitationResponse503 = {
  data: Problem
  status: 503
}

export type declineInvitationResponse504 = {
  data: Error504Response
  status: 504
}

export type declineInvitationResponseSuccess = (declineInvitationResponse204) & {
  headers: Headers;
};
export type declineInvitationResponseError = (declineInvitationResponse400 | declineInvitationResponse401 | declineInvitationResponse404 | declineInvitationResponse408 | declineInvitationResponse413 | declineInvitationResponse422 | declineInvitationResponse429 | declineInvitationResponse500 | declineInvitationResponse502 | declineInvitationResponse503 | declineInvitationResponse504) & {
  headers: Headers;
};

export type declineInvitationResponse = (declineInvitationResponseSuccess | declineInvitationResponseError)

export const getDeclineInvitationUrl = (invitationId: string,) => {




  return `/api/invitations/${invitationId}/decline`
}

/**
 * Decline an invitation of the current user's email address.
 * @summary Decline Invitation
 */
export const declineInvitation = async (invitationId: string, options?: Parameters<typeof send>[1]): Promise<declineInvitationResponse> => {

  return send<declineInvitationResponse>(getDeclineInvitationUrl(invitationId),
  {
    ...options,
    method: 'POST'


  }
);}



export type listProjectsResponse200 = {
  data: ProjectPage
  status: 200
}

export type listProjectsResponse400 = {
  data: Error400Response
  status: 400
}

export type listProjectsResponse401 = {
  data: Problem
  status: 401
}

export type listProjectsResponse408 = {
  data: Error408Response
  status: 408
}

export type listProjectsResponse413 = {
  data: Error413Response
  status: 413
}

export type listProjectsResponse422 = {
  data: ValidationProblem
  status: 422
}

export type listProjectsResponse429 = {
  data: Error429Response
  status: 429
}

export type listProjectsResponse500 = {
  data: Error500Response
  status: 500
}

export type listProjectsResponse502 = {
  data: Error502Response
  status: 502
}

export type listProjectsResponse503 = {
  data: Problem
  status: 503
}

export type listProjectsResponse504 = {
  data: Error504Response
  status: 504
}

export type listProjectsResponseSuccess = (listProjectsResponse200) & {
  headers: Headers;
};
export type listProjectsResponseError = (listProjectsResponse400 | listProjectsResponse401 | listProjectsResponse408 | listProjectsResponse413 | listProjectsResponse422 | listProjectsResponse429 | listProjectsResponse500 | listProjectsResponse502 | listProjectsResponse503 | listProjectsResponse504) & {
  headers: Headers;
};

export type listProjectsResponse = (listProjectsResponseSuccess | listProjectsResponseError)

export const getListProjectsUrl = (params?: ListProjectsParams,) => {
  const normalizedParams = new URLSearchParams();

  Object.entries(params || {}).forEach(([key, value]) => {

    if (value !== undefined) {
      normalizedParams.append(key, value === null ? 'null' : String(value))
    }
  });

  const stringifiedParams = normalizedParams.toString();

  return stringifiedParams.length > 0 ? `/api/projects?${stringifiedParams}` : `/api/projects`
}

/**
 * The projects of the current user, newest membership first.
 * @summary List Projects
 */
export const listProjects = async (params?: ListProjectsParams, options?: Parameters<typeof send>[1]): Promise<listProjectsResponse> => {

  return send<listProjectsResponse>(getListProjectsUrl(params),
  {
    ...options,
    method: 'GET'


  }
);}



export type createProjectResponse201 = {
  data: ProjectOut
  status: 201
}

export type createProjectResponse400 = {
  data: Error400Response
  status: 400
}

export type createProjectResponse401 = {
  data: Problem
  status: 401
}

export type createProjectResponse408 = {
  data: Error408Response
  status: 408
}

export type createProjectResponse413 = {
  data: Error413Response
  status: 413
}

export type createProjectResponse422 = {
  data: ValidationProblem
  status: 422
}

export type createProjectResponse429 = {
  data: Error429Response
  status: 429
}

export type createProjectResponse500 = {
  data: Error500Response
  status: 500
}

export type createProjectResponse502 = {
  data: Error502Response
  status: 502
}

export type createProjectResponse503 = {
  data: Problem
  status: 503
}

export type createProjectResponse504 = {
  data: Error504Response
  status: 504
}

export type createProjectResponseSuccess = (createProjectResponse201) & {
  headers: Headers;
};
export type createProjectResponseError = (createProjectResponse400 | createProjectResponse401 | createProjectResponse408 | createProjectResponse413 | createProjectResponse422 | createProjectResponse429 | createProjectResponse500 | createProjectResponse502 | createProjectResponse503 | createProjectResponse504) & {
  headers: Headers;
};

export type createProjectResponse = (createProjectResponseSuccess | createProjectResponseError)

export const getCreateProjectUrl = () => {




  return `/api/projects`
}

/**
 * Create a project; the current user becomes its owner.
 * @summary Create Project
 */
export const createProject = async (projectCreate: ProjectCreate, options?: Parameters<typeof send>[1]): Promise<createProjectResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<createProjectResponse>(getCreateProjectUrl(),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(projectCreate)
  }
);}



export type deleteProjectResponse204 = {
  data: void
  status: 204
}

export type deleteProjectResponse400 = {
  data: Error400Response
  status: 400
}

export type deleteProjectResponse401 = {
  data: Problem
  status: 401
}

export type deleteProjectResponse403 = {
  data: Problem
  status: 403
}

export type deleteProjectResponse404 = {
  data: Problem
  status: 404
}

export type deleteProjectResponse408 = {
  data: Error408Response
  status: 408
}

export type deleteProjectResponse413 = {
  data: Error413Response
  status: 413
}

export type deleteProjectResponse422 = {
  data: ValidationProblem
  status: 422
}

export type deleteProjectResponse429 = {
  data: Error429Response
  status: 429
}

export type deleteProjectResponse500 = {
  data: Error500Response
  status: 500
}

export type deleteProjectResponse502 = {
  data: Error502Response
  status: 502
}

export type deleteProjectResponse503 = {
  data: Problem
  status: 503
}

export type deleteProjectResponse504 = {
  data: Error504Response
  status: 504
}

export type deleteProjectResponseSuccess = (deleteProjectResponse204) & {
  headers: Headers;
};
export type deleteProjectResponseError = (deleteProjectResponse400 | deleteProjectResponse401 | deleteProjectResponse403 | deleteProjectResponse404 | deleteProjectResponse408 | deleteProjectResponse413 | deleteProjectResponse422 | deleteProjectResponse429 | deleteProjectResponse500 | deleteProjectResponse502 | deleteProjectResponse503 | deleteProjectResponse504) & {
  headers: Headers;
};

export type deleteProjectResponse = (deleteProjectResponseSuccess | deleteProjectResponseError)

export const getDeleteProjectUrl = (projectId: string,) => {




  return `/api/projects/${projectId}`
}

/**
 * Delete a project. Requires the role owner.
 * @summary Delete Project
 */
export const deleteProject = async (projectId: string, options?: Parameters<typeof send>[1]): Promise<deleteProjectResponse> => {

  return send<deleteProjectResponse>(getDeleteProjectUrl(projectId),
  {
    ...options,
    method: 'DELETE'


  }
);}



export type getProjectResponse200 = {
  data: ProjectOut
  status: 200
}

export type getProjectResponse400 = {
  data: Error400Response
  status: 400
}

export type getProjectResponse401 = {
  data: Problem
  status: 401
}

export type getProjectResponse404 = {
  data: Problem
  status: 404
}

export type getProjectResponse408 = {
  data: Error408Response
  status: 408
}

export type getProjectResponse413 = {
  data: Error413Response
  status: 413
}

export type getProjectResponse422 = {
  data: ValidationProblem
  status: 422
}

export type getProjectResponse429 = {
  data: Error429Response
  status: 429
}

export type getProjectResponse500 = {
  data: Error500Response
  status: 500
}

export type getProjectResponse502 = {
  data: Error502Response
  status: 502
}

export type getProjectResponse503 = {
  data: Problem
  status: 503
}

export type getProjectResponse504 = {
  data: Error504Response
  status: 504
}

export type getProjectResponseSuccess = (getProjectResponse200) & {
  headers: Headers;
};
export type getProjectResponseError = (getProjectResponse400 | getProjectResponse401 | getProjectResponse404 | getProjectResponse408 | getProjectResponse413 | getProjectResponse422 | getProjectResponse429 | getProjectResponse500 | getProjectResponse502 | getProjectResponse503 | getProjectResponse504) & {
  headers: Headers;
};

export type getProjectResponse = (getProjectResponseSuccess | getProjectResponseError)

export const getGetProjectUrl = (projectId: string,) => {




  return `/api/projects/${projectId}`
}

/**
 * A project.
 * @summary Get Project
 */
export const getProject = async (projectId: string, options?: Parameters<typeof send>[1]): Promise<getProjectResponse> => {

  return send<getProjectResponse>(getGetProjectUrl(projectId),
  {
    ...options,
    method: 'GET'


  }
);}



export type updateProjectResponse200 = {
  data: ProjectOut
  status: 200
}

export type updateProjectResponse400 = {
  data: Error400Response
  status: 400
}

export type updateProjectResponse401 = {
  data: Problem
  status: 401
}

export type updateProjectResponse403 = {
  data: Problem
  status: 403
}

export type updateProjectResponse404 = {
  data: Problem
  status: 404
}

export type updateProjectResponse408 = {
  data: Error408Response
  status: 408
}

export type updateProjectResponse413 = {
  data: Error413Response
  status: 413
}

export type updateProjectResponse422 = {
  data: ValidationProblem
  status: 422
}

export type updateProjectResponse429 = {
  data: Error429Response
  status: 429
}

export type updateProjectResponse500 = {
  data: Error500Response
  status: 500
}

export type updateProjectResponse502 = {
  data: Error502Response
  status: 502
}

export type updateProjectResponse503 = {
  data: Problem
  status: 503
}

export type updateProjectResponse504 = {
  data: Error504Response
  status: 504
}

export type updateProjectResponseSuccess = (updateProjectResponse200) & {
  headers: Headers;
};
export type updateProjectResponseError = (updateProjectResponse400 | updateProjectResponse401 | updateProjectResponse403 | updateProjectResponse404 | updateProjectResponse408 | updateProjectResponse413 | updateProjectResponse422 | updateProjectResponse429 | updateProjectResponse500 | updateProjectResponse502 | updateProjectResponse503 | updateProjectResponse504) & {
  headers: Headers;
};

export type updateProjectResponse = (updateProjectResponseSuccess | updateProjectResponseError)

export const getUpdateProjectUrl = (projectId: string,) => {




  return `/api/projects/${projectId}`
}

/**
 * Change a project. Requires the role editor or owner.
 * @summary Update Project
 */
export const updateProject = async (projectId: string,
    projectUpdate: ProjectUpdate, options?: Parameters<typeof send>[1]): Promise<updateProjectResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<updateProjectResponse>(getUpdateProjectUrl(projectId),
  {
    ...options,
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(projectUpdate)
  }
);}



export type getAuditExportResponse200 = {
  data: AuditExportOut
  status: 200
}

export type getAuditExportResponse400 = {
  data: Error400Response
  status: 400
}

export type getAuditExportResponse401 = {
  data: Problem
  status: 401
}

export type getAuditExportResponse403 = {
  data: Problem
  status: 403
}

export type getAuditExportResponse404 = {
  data: Problem
  status: 404
}

export type getAuditExportResponse408 = {
  data: Error408Response
  status: 408
}

export type getAuditExportResponse413 = {
  data: Error413Response
  status: 413
}

export type getAuditExportResponse422 = {
  data: ValidationProblem
  status: 422
}

export type getAuditExportResponse429 = {
  data: Error429Response
  status: 429
}

export type getAuditExportResponse500 = {
  data: Error500Response
  status: 500
}

export type getAuditExportResponse502 = {
  data: Error502Response
  status: 502
}

export type getAuditExportResponse503 = {
  data: Problem
  status: 503
}

export type getAuditExportResponse504 = {
  data: Error504Response
  status: 504
}

export type getAuditExportResponseSuccess = (getAuditExportResponse200) & {
  headers: Headers;
};
export type getAuditExportResponseError = (getAuditExportResponse400 | getAuditExportResponse401 | getAuditExportResponse403 | getAuditExportResponse404 | getAuditExportResponse408 | getAuditExportResponse413 | getAuditExportResponse422 | getAuditExportResponse429 | getAuditExportResponse500 | getAuditExportResponse502 | getAuditExportResponse503 | getAuditExportResponse504) & {
  headers: Headers;
};

export type getAuditExportResponse = (getAuditExportResponseSuccess | getAuditExportResponseError)

export const getGetAuditExportUrl = (projectId: string,) => {




  return `/api/projects/${projectId}/audit-export`
}

/**
 * The last export of the audit events of a project. Requires the role owner.
 * @summary Get Audit Export
 */
export const getAuditExport = async (projectId: string, options?: Parameters<typeof send>[1]): Promise<getAuditExportResponse> => {

  return send<getAuditExportResponse>(getGetAuditExportUrl(projectId),
  {
    ...options,
    method: 'GET'


  }
);}



export type requestAuditExportResponse202 = {
  data: AuditExportOut
  status: 202
}

export type requestAuditExportResponse400 = {
  data: Error400Response
  status: 400
}

export type requestAuditExportResponse401 = {
  data: Problem
  status: 401
}

export type requestAuditExportResponse403 = {
  data: Problem
  status: 403
}

export type requestAuditExportResponse404 = {
  data: Problem
  status: 404
}

export type requestAuditExportResponse408 = {
  data: Error408Response
  status: 408
}

export type requestAuditExportResponse413 = {
  data: Error413Response
  status: 413
}

export type requestAuditExportResponse422 = {
  data: ValidationProblem
  status: 422
}

export type requestAuditExportResponse429 = {
  data: Error429Response
  status: 429
}

export type requestAuditExportResponse500 = {
  data: Error500Response
  status: 500
}

export type requestAuditExportResponse502 = {
  data: Error502Response
  status: 502
}

export type requestAuditExportResponse503 = {
  data: Problem
  status: 503
}

export type requestAuditExportResponse504 = {
  data: Error504Response
  status: 504
}

export type requestAuditExportResponseSuccess = (requestAuditExportResponse202) & {
  headers: Headers;
};
export type requestAuditExportResponseError = (requestAuditExportResponse400 | requestAuditExportResponse401 | requestAuditExportResponse403 | requestAuditExportResponse404 | requestAuditExportResponse408 | requestAuditExportResponse413 | requestAuditExportResponse422 | requestAuditExportResponse429 | requestAuditExportResponse500 | requestAuditExportResponse502 | requestAuditExportResponse503 | requestAuditExportResponse504) & {
  headers: Headers;
};

export type requestAuditExportResponse = (requestAuditExportResponseSuccess | requestAuditExportResponseError)

export const getRequestAuditExportUrl = (projectId: string,) => {




  return `/api/projects/${projectId}/audit-export`
}

/**
 * Request an export of the audit events of a project, in place of the last one. Requires the role owner.
 * @summary Request Audit Export
 */
export const requestAuditExport = async (projectId: string, options?: Parameters<typeof send>[1]): Promise<requestAuditExportResponse> => {

  return send<requestAuditExportResponse>(getRequestAuditExportUrl(projectId),
  {
    ...options,
    method: 'POST'


  }
);}



export type downloadAuditExportResponse400 = {
  data: Error400Response
  status: 400
}

export type downloadAuditExportResponse401 = {
  data: Problem
  status: 401
}

export type downloadAuditExportResponse403 = {
  data: Problem
  status: 403
}

export type downloadAuditExportResponse404 = {
  data: Problem
  status: 404
}

export type downloadAuditExportResponse408 = {
  data: Error408Response
  status: 408
}

export type downloadAuditExportResponse409 = {
  data: Problem
  status: 409
}

export type downloadAuditExportResponse413 = {
  data: Error413Response
  status: 413
}

export type downloadAuditExportResponse422 = {
  data: ValidationProblem
  status: 422
}

export type downloadAuditExportResponse429 = {
  data: Error429Response
  status: 429
}

export type downloadAuditExportResponse500 = {
  data: Error500Response
  status: 500
}

export type downloadAuditExportResponse502 = {
  data: Error502Response
  status: 502
}

export type downloadAuditExportResponse503 = {
  data: Problem
  status: 503
}

export type downloadAuditExportResponse504 = {
  data: Error504Response
  status: 504
}

;
export type downloadAuditExportResponseError = (downloadAuditExportResponse400 | downloadAuditExportResponse401 | downloadAuditExportResponse403 | downloadAuditExportResponse404 | downloadAuditExportResponse408 | downloadAuditExportResponse409 | downloadAuditExportResponse413 | downloadAuditExportResponse422 | downloadAuditExportResponse429 | downloadAuditExportResponse500 | downloadAuditExportResponse502 | downloadAuditExportResponse503 | downloadAuditExportResponse504) & {
  headers: Headers;
};

export type downloadAuditExportResponse = (downloadAuditExportResponseError)

export const getDownloadAuditExportUrl = (projectId: string,) => {




  return `/api/projects/${projectId}/audit-export/file`
}

/**
 * Download the last export of the audit events of a project. Requires the role owner.
 * @summary Download Audit Export
 */
export const downloadAuditExport = async (projectId: string, options?: Parameters<typeof send>[1]): Promise<downloadAuditExportResponse> => {

  return send<downloadAuditExportResponse>(getDownloadAuditExportUrl(projectId),
  {
    ...options,
    method: 'GET'


  }
);}



export type listEventsResponse200 = {
  data: EventPage
  status: 200
}

export type listEventsResponse400 = {
  data: Error400Response
  status: 400
}

export type listEventsResponse401 = {
  data: Problem
  status: 401
}

export type listEventsResponse403 = {
  data: Problem
  status: 403
}

export type listEventsResponse404 = {
  data: Problem
  status: 404
}

export type listEventsResponse408 = {
  data: Error408Response
  status: 408
}

export type listEventsResponse413 = {
  data: Error413Response
  status: 413
}

export type listEventsResponse422 = {
  data: ValidationProblem
  status: 422
}

export type listEventsResponse429 = {
  data: Error429Response
  status: 429
}

export type listEventsResponse500 = {
  data: Error500Response
  status: 500
}

export type listEventsResponse502 = {
  data: Error502Response
  status: 502
}

export type listEventsResponse503 = {
  data: Problem
  status: 503
}

export type listEventsResponse504 = {
  data: Error504Response
  status: 504
}

export type listEventsResponseSuccess = (listEventsResponse200) & {
  headers: Headers;
};
export type listEventsResponseError = (listEventsResponse400 | listEventsResponse401 | listEventsResponse403 | listEventsResponse404 | listEventsResponse408 | listEventsResponse413 | listEventsResponse422 | listEventsResponse429 | listEventsResponse500 | listEventsResponse502 | listEventsResponse503 | listEventsResponse504) & {
  headers: Headers;
};

export type listEventsResponse = (listEventsResponseSuccess | listEventsResponseError)

export const getListEventsUrl = (projectId: string,
    params?: ListEventsParams,) => {
  const normalizedParams = new URLSearchParams();

  Object.entries(params || {}).forEach(([key, value]) => {

    if (value !== undefined) {
      normalizedParams.append(key, value === null ? 'null' : String(value))
    }
  });

  const stringifiedParams = normalizedParams.toString();

  return stringifiedParams.length > 0 ? `/api/projects/${projectId}/events?${stringifiedParams}` : `/api/projects/${projectId}/events`
}

/**
 * The audit events of a project and its members, newest first. Requires the role owner.
 * @summary List Events
 */
export const listEvents = async (projectId: string,
    params?: ListEventsParams, options?: Parameters<typeof send>[1]): Promise<listEventsResponse> => {

  return send<listEventsResponse>(getListEventsUrl(projectId,params),
  {
    ...options,
    method: 'GET'


  }
);}



export type listInvitationsResponse200 = {
  data: PendingInvitationPage
  status: 200
}

export type listInvitationsResponse400 = {
  data: Error400Response
  status: 400
}

export type listInvitationsResponse401 = {
  data: Problem
  status: 401
}

export type listInvitationsResponse403 = {
  data: Problem
  status: 403
}

export type listInvitationsResponse404 = {
  data: Problem
  status: 404
}

export type listInvitationsResponse408 = {
  data: Error408Response
  status: 408
}

export type listInvitationsResponse413 = {
  data: Error413Response
  status: 413
}

export type listInvitationsResponse422 = {
  data: ValidationProblem
  status: 422
}

export type listInvitationsResponse429 = {
  data: Error429Response
  status: 429
}

export type listInvitationsResponse500 = {
  data: Error500Response
  status: 500
}

export type listInvitationsResponse502 = {
  data: Error502Response
  status: 502
}

export type listInvitationsResponse503 = {
  data: Problem
  status: 503
}

export type listInvitationsResponse504 = {
  data: Error504Response
  status: 504
}

export type listInvitationsResponseSuccess = (listInvitationsResponse200) & {
  headers: Headers;
};
export type listInvitationsResponseError = (listInvitationsResponse400 | listInvitationsResponse401 | listInvitationsResponse403 | listInvitationsResponse404 | listInvitationsResponse408 | listInvitationsResponse413 | listInvitationsResponse422 | listInvitationsResponse429 | listInvitationsResponse500 | listInvitationsResponse502 | listInvitationsResponse503 | listInvitationsResponse504) & {
  headers: Headers;
};

export type listInvitationsResponse = (listInvitationsResponseSuccess | listInvitationsResponseError)

export const getListInvitationsUrl = (projectId: string,
    params?: ListInvitationsParams,) => {
  const normalizedParams = new URLSearchParams();

  Object.entries(params || {}).forEach(([key, value]) => {

    if (value !== undefined) {
      normalizedParams.append(key, value === null ? 'null' : String(value))
    }
  });

  const stringifiedParams = normalizedParams.toString();

  return stringifiedParams.length > 0 ? `/api/projects/${projectId}/invitations?${stringifiedParams}` : `/api/projects/${projectId}/invitations`
}

/**
 * The invitations to a project that were not answered yet, oldest first. Requires the role owner.
 * @summary List Invitations
 */
export const listInvitations = async (projectId: string,
    params?: ListInvitationsParams, options?: Parameters<typeof send>[1]): Promise<listInvitationsResponse> => {

  return send<listInvitationsResponse>(getListInvitationsUrl(projectId,params),
  {
    ...options,
    method: 'GET'


  }
);}



export type withdrawInvitationResponse204 = {
  data: void
  status: 204
}

export type withdrawInvitationResponse400 = {
  data: Error400Response
  status: 400
}

export type withdrawInvitationResponse401 = {
  data: Problem
  status: 401
}

export type withdrawInvitationResponse403 = {
  data: Problem
  status: 403
}

export type withdrawInvitationResponse404 = {
  data: Problem
  status: 404
}

export type withdrawInvitationResponse408 = {
  data: Error408Response
  status: 408
}

export type withdrawInvitationResponse413 = {
  data: Error413Response
  status: 413
}

export type withdrawInvitationResponse422 = {
  data: ValidationProblem
  status: 422
}

export type withdrawInvitationResponse429 = {
  data: Error429Response
  status: 429
}

export type withdrawInvitationResponse500 = {
  data: Error500Response
  status: 500
}

export type withdrawInvitationResponse502 = {
  data: Error502Response
  status: 502
}

export type withdrawInvitationResponse503 = {
  data: Problem
  status: 503
}

export type withdrawInvitationResponse504 = {
  data: Error504Response
  status: 504
}

export type withdrawInvitationResponseSuccess = (withdrawInvitationResponse204) & {
  headers: Headers;
};
export type withdrawInvitationResponseError = (withdrawInvitationResponse400 | withdrawInvitationResponse401 | withdrawInvitationResponse403 | withdrawInvitationResponse404 | withdrawInvitationResponse408 | withdrawInvitationResponse413 | withdrawInvitationResponse422 | withdrawInvitationResponse429 | withdrawInvitationResponse500 | withdrawInvitationResponse502 | withdrawInvitationResponse503 | withdrawInvitationResponse504) & {
  headers: Headers;
};

export type withdrawInvitationResponse = (withdrawInvitationResponseSuccess | withdrawInvitationResponseError)

export const getWithdrawInvitationUrl = (projectId: string,
    invitationId: string,) => {




  return `/api/projects/${projectId}/invitations/${invitationId}`
}

/**
 * Withdraw an invitation to a project, whose link stops working. Requires the role owner.
 * @summary Withdraw Invitation
 */
export const withdrawInvitation = async (projectId: string,
    invitationId: string, options?: Parameters<typeof send>[1]): Promise<withdrawInvitationResponse> => {

  return send<withdrawInvitationResponse>(getWithdrawInvitationUrl(projectId,invitationId),
  {
    ...options,
    method: 'DELETE'


  }
);}



export type listMembersResponse200 = {
  data: MemberPage
  status: 200
}

export type listMembersResponse400 = {
  data: Error400Response
  status: 400
}

export type listMembersResponse401 = {
  data: Problem
  status: 401
}

export type listMembersResponse404 = {
  data: Problem
  status: 404
}

export type listMembersResponse408 = {
  data: Error408Response
  status: 408
}

export type listMembersResponse413 = {
  data: Error413Response
  status: 413
}

export type listMembersResponse422 = {
  data: ValidationProblem
  status: 422
}

export type listMembersResponse429 = {
  data: Error429Response
  status: 429
}

export type listMembersResponse500 = {
  data: Error500Response
  status: 500
}

export type listMembersResponse502 = {
  data: Error502Response
  status: 502
}

export type listMembersResponse503 = {
  data: Problem
  status: 503
}

export type listMembersResponse504 = {
  data: Error504Response
  status: 504
}

export type listMembersResponseSuccess = (listMembersResponse200) & {
  headers: Headers;
};
export type listMembersResponseError = (listMembersResponse400 | listMembersResponse401 | listMembersResponse404 | listMembersResponse408 | listMembersResponse413 | listMembersResponse422 | listMembersResponse429 | listMembersResponse500 | listMembersResponse502 | listMembersResponse503 | listMembersResponse504) & {
  headers: Headers;
};

export type listMembersResponse = (listMembersResponseSuccess | listMembersResponseError)

export const getListMembersUrl = (projectId: string,
    params?: ListMembersParams,) => {
  const normalizedParams = new URLSearchParams();

  Object.entries(params || {}).forEach(([key, value]) => {

    if (value !== undefined) {
      normalizedParams.append(key, value === null ? 'null' : String(value))
    }
  });

  const stringifiedParams = normalizedParams.toString();

  return stringifiedParams.length > 0 ? `/api/projects/${projectId}/members?${stringifiedParams}` : `/api/projects/${projectId}/members`
}

/**
 * The members of a project, oldest first.
 * @summary List Members
 */
export const listMembers = async (projectId: string,
    params?: ListMembersParams, options?: Parameters<typeof send>[1]): Promise<listMembersResponse> => {

  return send<listMembersResponse>(getListMembersUrl(projectId,params),
  {
    ...options,
    method: 'GET'


  }
);}



export type inviteMemberResponse202 = {
  data: void
  status: 202
}

export type inviteMemberResponse400 = {
  data: Error400Response
  status: 400
}

export type inviteMemberResponse401 = {
  data: Problem
  status: 401
}

export type inviteMemberResponse403 = {
  data: Problem
  status: 403
}

export type inviteMemberResponse404 = {
  data: Problem
  status: 404
}

export type inviteMemberResponse408 = {
  data: Error408Response
  status: 408
}

export type inviteMemberResponse409 = {
  data: Problem
  status: 409
}

export type inviteMemberResponse413 = {
  data: Error413Response
  status: 413
}

export type inviteMemberResponse422 = {
  data: ValidationProblem
  status: 422
}

export type inviteMemberResponse429 = {
  data: Problem
  status: 429
}

export type inviteMemberResponse500 = {
  data: Error500Response
  status: 500
}

export type inviteMemberResponse501 = {
  data: Problem
  status: 501
}

export type inviteMemberResponse502 = {
  data: Error502Response
  status: 502
}

export type inviteMemberResponse503 = {
  data: Problem
  status: 503
}

export type inviteMemberResponse504 = {
  data: Error504Response
  status: 504
}

export type inviteMemberResponseSuccess = (inviteMemberResponse202) & {
  headers: Headers;
};
export type inviteMemberResponseError = (inviteMemberResponse400 | inviteMemberResponse401 | inviteMemberResponse403 | inviteMemberResponse404 | inviteMemberResponse408 | inviteMemberResponse409 | inviteMemberResponse413 | inviteMemberResponse422 | inviteMemberResponse429 | inviteMemberResponse500 | inviteMemberResponse501 | inviteMemberResponse502 | inviteMemberResponse503 | inviteMemberResponse504) & {
  headers: Headers;
};

export type inviteMemberResponse = (inviteMemberResponseSuccess | inviteMemberResponseError)

export const getInviteMemberUrl = (projectId: string,) => {




  return `/api/projects/${projectId}/members`
}

/**
 * Invite an email address to a project, which gets a link by mail. Requires the role owner.
 *
 * The response is the same whether the address is registered or not. A second invitation replaces the first.
 * @summary Invite Member
 */
export const inviteMember = async (projectId: string,
    memberInvitation: MemberInvitation, options?: Parameters<typeof send>[1]): Promise<inviteMemberResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<inviteMemberResponse>(getInviteMemberUrl(projectId),
  {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(memberInvitation)
  }
);}



export type removeMemberResponse204 = {
  data: void
  status: 204
}

export type removeMemberResponse400 = {
  data: Error400Response
  status: 400
}

export type removeMemberResponse401 = {
  data: Problem
  status: 401
}

export type removeMemberResponse403 = {
  data: Problem
  status: 403
}

export type removeMemberResponse404 = {
  data: Problem
  status: 404
}

export type removeMemberResponse408 = {
  data: Error408Response
  status: 408
}

export type removeMemberResponse409 = {
  data: Problem
  status: 409
}

export type removeMemberResponse413 = {
  data: Error413Response
  status: 413
}

export type removeMemberResponse422 = {
  data: ValidationProblem
  status: 422
}

export type removeMemberResponse429 = {
  data: Error429Response
  status: 429
}

export type removeMemberResponse500 = {
  data: Error500Response
  status: 500
}

export type removeMemberResponse502 = {
  data: Error502Response
  status: 502
}

export type removeMemberResponse503 = {
  data: Problem
  status: 503
}

export type removeMemberResponse504 = {
  data: Error504Response
  status: 504
}

export type removeMemberResponseSuccess = (removeMemberResponse204) & {
  headers: Headers;
};
export type removeMemberResponseError = (removeMemberResponse400 | removeMemberResponse401 | removeMemberResponse403 | removeMemberResponse404 | removeMemberResponse408 | removeMemberResponse409 | removeMemberResponse413 | removeMemberResponse422 | removeMemberResponse429 | removeMemberResponse500 | removeMemberResponse502 | removeMemberResponse503 | removeMemberResponse504) & {
  headers: Headers;
};

export type removeMemberResponse = (removeMemberResponseSuccess | removeMemberResponseError)

export const getRemoveMemberUrl = (projectId: string,
    userId: string,) => {




  return `/api/projects/${projectId}/members/${userId}`
}

/**
 * Remove a member. Requires the role owner, except to leave the project.
 * @summary Remove Member
 */
export const removeMember = async (projectId: string,
    userId: string, options?: Parameters<typeof send>[1]): Promise<removeMemberResponse> => {

  return send<removeMemberResponse>(getRemoveMemberUrl(projectId,userId),
  {
    ...options,
    method: 'DELETE'


  }
);}



export type updateMemberResponse200 = {
  data: MemberOut
  status: 200
}

export type updateMemberResponse400 = {
  data: Error400Response
  status: 400
}

export type updateMemberResponse401 = {
  data: Problem
  status: 401
}

export type updateMemberResponse403 = {
  data: Problem
  status: 403
}

export type updateMemberResponse404 = {
  data: Problem
  status: 404
}

export type updateMemberResponse408 = {
  data: Error408Response
  status: 408
}

export type updateMemberResponse409 = {
  data: Problem
  status: 409
}

export type updateMemberResponse413 = {
  data: Error413Response
  status: 413
}

export type updateMemberResponse422 = {
  data: ValidationProblem
  status: 422
}

export type updateMemberResponse429 = {
  data: Error429Response
  status: 429
}

export type updateMemberResponse500 = {
  data: Error500Response
  status: 500
}

export type updateMemberResponse502 = {
  data: Error502Response
  status: 502
}

export type updateMemberResponse503 = {
  data: Problem
  status: 503
}

export type updateMemberResponse504 = {
  data: Error504Response
  status: 504
}

export type updateMemberResponseSuccess = (updateMemberResponse200) & {
  headers: Headers;
};
export type updateMemberResponseError = (updateMemberResponse400 | updateMemberResponse401 | updateMemberResponse403 | updateMemberResponse404 | updateMemberResponse408 | updateMemberResponse409 | updateMemberResponse413 | updateMemberResponse422 | updateMemberResponse429 | updateMemberResponse500 | updateMemberResponse502 | updateMemberResponse503 | updateMemberResponse504) & {
  headers: Headers;
};

export type updateMemberResponse = (updateMemberResponseSuccess | updateMemberResponseError)

export const getUpdateMemberUrl = (projectId: string,
    userId: string,) => {




  return `/api/projects/${projectId}/members/${userId}`
}

/**
 * Change the role of a member. Requires the role owner.
 * @summary Update Member
 */
export const updateMember = async (projectId: string,
    userId: string,
    memberUpdate: MemberUpdate, options?: Parameters<typeof send>[1]): Promise<updateMemberResponse> => {

    const getHeaders = (h?: NonNullable<RequestInit['headers']>): Record<string, string | readonly string[]> => {
    if (!h) return {};
    if (h instanceof Headers) return Object.fromEntries(h.entries());
    if (Symbol.iterator in h) {
      return Object.fromEntries(
        Array.from(h as Iterable<Iterable<string>>, (entry) => Array.from(entry) as [string, string]),
      );
    }
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries<string | readonly string[] | undefined>(h)) {
      if (value !== undefined) headers[name] = value;
    }
    return headers;
  };
return send<updateMemberResponse>(getUpdateMemberUrl(projectId,userId),
  {
    ...options,
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', ...getHeaders(options?.headers) },
    body: JSON.stringify(memberUpdate)
  }
);}



export type getLivenessResponse200 = {
  data: Liveness
  status: 200
}

export type getLivenessResponse400 = {
  data: Error400Response
  status: 400
}

export type getLivenessResponse408 = {
  data: Error408Response
  status: 408
}

export type getLivenessResponse413 = {
  data: Error413Response
  status: 413
}

export type getLivenessResponse429 = {
  data: Error429Response
  status: 429
}

export type getLivenessResponse500 = {
  data: Error500Response
  status: 500
}

export type getLivenessResponse502 = {
  data: Error502Response
  status: 502
}

export type getLivenessResponse503 = {
  data: Error503Response
  status: 503
}

export type getLivenessResponse504 = {
  data: Error504Response
  status: 504
}

export type getLivenessResponseSuccess = (getLivenessResponse200) & {
  headers: Headers;
};
export type getLivenessResponseError = (getLivenessResponse400 | getLivenessResponse408 | getLivenessResponse413 | getLivenessResponse429 | getLivenessResponse500 | getLivenessResponse502 | getLivenessResponse503 | getLivenessResponse504) & {
  headers: Headers;
};

export type getLivenessResponse = (getLivenessResponseSuccess | getLivenessResponseError)

export const getGetLivenessUrl = () => {




  return `/health`
}

/**
 * Liveness: whether the process responds; checks no dependency.
 * @summary Get Liveness
 */
export const getLiveness = async ( options?: Parameters<typeof send>[1]): Promise<getLivenessResponse> => {

  return send<getLivenessResponse>(getGetLivenessUrl(),
  {
    ...options,
    method: 'GET'


  }
);}



export type getReadinessResponse200 = {
  data: Health
  status: 200
}

export type getReadinessResponse400 = {
  data: Error400Response
  status: 400
}

export type getReadinessResponse408 = {
  data: Error408Response
  status: 408
}

export type getReadinessResponse413 = {
  data: Error413Response
  status: 413
}

export type getReadinessResponse429 = {
  data: Error429Response
  status: 429
}

export type getReadinessResponse500 = {
  data: Error500Response
  status: 500
}

export type getReadinessResponse502 = {
  data: Error502Response
  status: 502
}

export type getReadinessResponse503 = {
  data: Health
  status: 503
}

export type getReadinessResponse504 = {
  data: Error504Response
  status: 504
}

export type getReadinessResponseSuccess = (getReadinessResponse200) & {
  headers: Headers;
};
export type getReadinessResponseError = (getReadinessResponse400 | getReadinessResponse408 | getReadinessResponse413 | getReadinessResponse429 | getReadinessResponse500 | getReadinessResponse502 | getReadinessResponse503 | getReadinessResponse504) & {
  headers: Headers;
};

export type getReadinessResponse = (getReadinessResponseSuccess | getReadinessResponseError)

export const getGetReadinessUrl = () => {




  return `/health/detailed`
}

/**
 * Readiness: 503 if a dependency is unavailable.
 * @summary Get Readiness
 */
export const getReadiness = async ( options?: Parameters<typeof send>[1]): Promise<getReadinessResponse> => {

  return send<getReadinessResponse>(getGetReadinessUrl(),
  {
    ...options,
    method: 'GET'


  }
);}
