import { ApiClient } from "./apiClient";

describe("ApiClient", () => {
  it("turns error statuses into exceptions", async () => {
    globalThis.fetch = async () => new Response("gone", { status: 410 });
    await expect(new ApiClient("").fetchJson("/parcels/1")).rejects.toThrow("gone");
  });

  it("refuses what is no tracking number", async () => {
    await expect(new ApiClient("").locateParcel("hello")).rejects.toThrow("tracking number");
  });
});
