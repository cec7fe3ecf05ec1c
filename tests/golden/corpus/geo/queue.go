package geo

type entry struct {
	depot    string
	distance float64
}

// queue is a priority queue of depots, the nearest first.
type queue []entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].distance < q[j].distance }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push adds a depot at the end; heap.Push moves it to its place.
func (q *queue) Push(x any) { *q = append(*q, x.(entry)) }

// Pop removes the last depot, which heap.Pop has made the nearest.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
