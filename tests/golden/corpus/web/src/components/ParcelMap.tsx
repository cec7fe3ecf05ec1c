import { useEffect, useRef } from "react";

interface Stop {
  depot: string;
  latitude: number;
  longitude: number;
}

/** Draws the way of a parcel on a map, the newest stop highlighted. */
export function ParcelMap({ stops }: { stops: Stop[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context) stops.forEach((stop, i) => drawMarker(context, stop, i === stops.length - 1));
  }, [stops]);
  return <canvas ref={canvas} width={640} height={360} aria-label="Map of the parcel's way" />;
}

/** Projects a stop by Mercator and paints its dot. */
function drawMarker(context: CanvasRenderingContext2D, stop: Stop, isNewest: boolean) {
  const x = ((stop.longitude + 180) / 360) * context.canvas.width;
  const mercator = Math.log(Math.tan(Math.PI / 4 + (stop.latitude * Math.PI) / 360));
  const y = context.canvas.height / 2 - (context.canvas.width * mercator) / (2 * Math.PI);
  context.fillStyle = isNewest ? "crimson" : "gray";
  context.fillRect(x - 2, y - 2, 4, 4);
}
