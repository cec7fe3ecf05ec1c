import { parseTrackingNumber } from "./parseTracking";

export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** Talks to the parcel service. */
export class ApiClient {
  constructor(private readonly baseUrl: string, private readonly token?: string) {}

  /** Where a parcel is now. */
  async locateParcel(typed: string): Promise<string> {
    const number = parseTrackingNumber(typed);
    if (!number) throw new ApiError(400, "That is no tracking number");
    const found = await this.fetchJson<{ depot: string }>(`/parcels/${number.serial}`);
    return found.depot;
  }

  /** Sends a request with the login token and turns error statuses into exceptions. */
  async fetchJson<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    const response = await fetch(this.baseUrl + path, { ...init, headers });
    if (!response.ok) throw new ApiError(response.status, await response.text());
    return response.json() as Promise<T>;
  }
}
