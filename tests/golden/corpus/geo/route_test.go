package geo

import "testing"

func TestShortestRouteGoesAroundALongRoad(t *testing.T) {
	network := Network{"Bonn": {"Mainz": 170, "Trier": 500}, "Mainz": {"Trier": 160}}
	route, distance, err := network.ShortestRoute("Bonn", "Trier")
	if err != nil || distance != 330 || len(route) != 3 {
		t.Fatalf("got %v, %v, %v", route, distance, err)
	}
}
