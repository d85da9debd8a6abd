// Package heap takes the place of KWOK's package of that name when KWOK is built
// here: a queue of items by a key, the least first, each item in it once.
//
// KWOK v0.8.0 loses an entry when an item is pushed that is in the heap already,
// and its queue of leases then waits for that entry for ever: no lease is renewed
// any more, and all simulated nodes are lost a minute later.
//
// What may not live here: anything that KWOK does not ask of the package.
package heap

import (
	"cmp"
	"container/heap"
)

// Heap holds items by their keys.
type Heap[K cmp.Ordered, T comparable] struct {
	queue queue[K, T]
	at    map[T]*entry[K, T]
}

// NewHeap makes an empty heap.
func NewHeap[K cmp.Ordered, T comparable]() *Heap[K, T] {
	return &Heap[K, T]{at: map[T]*entry[K, T]{}}
}

// Push adds the item. One that is there already gets the new key.
func (h *Heap[K, T]) Push(key K, item T) {
	if e, there := h.at[item]; there {
		e.key = key
		heap.Fix(&h.queue, e.index)
		return
	}
	e := &entry[K, T]{key: key, item: item}
	h.at[item] = e
	heap.Push(&h.queue, e)
}

// Pop takes the item with the least key out; ok is false where there is none.
func (h *Heap[K, T]) Pop() (key K, item T, ok bool) {
	key, item, ok = h.Peek()
	if ok {
		h.Remove(item)
	}
	return key, item, ok
}

// Peek gives the item with the least key and leaves it in; ok is false where there is none.
func (h *Heap[K, T]) Peek() (key K, item T, ok bool) {
	if len(h.queue) == 0 {
		return key, item, false
	}
	return h.queue[0].key, h.queue[0].item, true
}

// Remove takes the item out and tells whether it was in.
func (h *Heap[K, T]) Remove(item T) bool {
	e, there := h.at[item]
	if there {
		heap.Remove(&h.queue, e.index)
		delete(h.at, item)
	}
	return there
}

// Len is how many items there are.
func (h *Heap[K, T]) Len() int { return len(h.queue) }

// entry is an item at its place.
type entry[K cmp.Ordered, T comparable] struct {
	key   K
	item  T
	index int
}

// queue is a heap.Interface that tells the entries their places.
type queue[K cmp.Ordered, T comparable] []*entry[K, T]

func (q queue[K, T]) Len() int           { return len(q) }
func (q queue[K, T]) Less(i, j int) bool { return q[i].key < q[j].key }

func (q queue[K, T]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is for container/heap.
func (q *queue[K, T]) Push(x any) {
	e := x.(*entry[K, T])
	e.index = len(*q)
	*q = append(*q, e)
}

// Pop is for container/heap.
func (q *queue[K, T]) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}
