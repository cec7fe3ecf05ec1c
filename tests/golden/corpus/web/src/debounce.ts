/** Calls `action` once the calls have stopped for `delay` milliseconds, so that typing does not flood the server. */
export function debounce<T extends unknown[]>(action: (...args: T) => void, delay: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...args: T) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), delay);
  };
}

/** Calls `action` at most once every `interval` milliseconds. */
export function throttle<T extends unknown[]>(action: (...args: T) => void, interval: number) {
  let last = 0;
  return (...args: T) => {
    const now = Date.now();
    if (now - last >= interval) {
      last = now;
      action(...args);
    }
  };
}
