// Package geo plans the ways of parcels.
package geo

import "math"

const earthRadiusKm = 6371.0

// Point is a place on earth, in degrees.
type Point struct {
	Latitude, Longitude float64
}

// Haversine returns the great-circle distance between two points in kilometres.
func Haversine(a, b Point) float64 {
	dLat := radians(b.Latitude - a.Latitude)
	dLon := radians(b.Longitude - a.Longitude)
	h := math.Pow(math.Sin(dLat/2), 2) +
		math.Cos(radians(a.Latitude))*math.Cos(radians(b.Latitude))*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthRadiusKm * math.Asin(math.Sqrt(h))
}

func radians(degrees float64) float64 {
	return degrees * math.Pi / 180
}
