export { ApiClient } from "./apiClient";
export { debounce, throttle } from "./debounce";
export { parseTrackingNumber } from "./parseTracking";
export { ParcelMap } from "./components/ParcelMap";
