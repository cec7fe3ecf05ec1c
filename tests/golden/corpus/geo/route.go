package geo

import (
	"container/heap"
	"errors"
)

// ErrNoRoute means that two depots are not connected.
var ErrNoRoute = errors.New("no route")

// Network holds the roads between depots, in kilometres.
type Network map[string]map[string]float64

// ShortestRoute finds the shortest way from one depot to another by Dijkstra's algorithm.
func (n Network) ShortestRoute(from, to string) ([]string, float64, error) {
	best := map[string]float64{from: 0}
	previous := map[string]string{}
	queue := &queue{{from, 0}}
	for queue.Len() > 0 {
		here := heap.Pop(queue).(entry)
		if here.depot == to {
			return walkBack(previous, from, to), here.distance, nil
		}
		for next, length := range n[here.depot] {
			distance := here.distance + length
			if known, seen := best[next]; !seen || distance < known {
				best[next] = distance
				previous[next] = here.depot
				heap.Push(queue, entry{next, distance})
			}
		}
	}
	return nil, 0, ErrNoRoute
}

func walkBack(previous map[string]string, from, to string) []string {
	route := []string{to}
	for to != from {
		to = previous[to]
		route = append([]string{to}, route...)
	}
	return route
}
