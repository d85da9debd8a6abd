package heap

import (
	"slices"
	"testing"
)

// taken empties the heap.
func taken(h *Heap[int, string]) []string {
	out := []string{}
	for h.Len() > 0 {
		_, item, _ := h.Pop()
		out = append(out, item)
	}
	return out
}

func TestTheLeastKeyComesFirst(t *testing.T) {
	t.Parallel()
	h := NewHeap[int, string]()
	if _, _, ok := h.Pop(); ok {
		t.Error("an empty heap has an item")
	}
	for key, item := range []string{"a", "b", "c", "d"} {
		h.Push(10-key, item)
	}
	if key, item, ok := h.Peek(); !ok || key != 7 || item != "d" || h.Len() != 4 {
		t.Errorf("peeked %d %q %t of %d", key, item, ok, h.Len())
	}
	if !h.Remove("c") || h.Remove("c") || h.Remove("x") {
		t.Error("c can be removed once, and x never")
	}
	if got := taken(h); !slices.Equal(got, []string{"d", "b", "a"}) {
		t.Errorf("got %v", got)
	}
}

// TestAnItemIsInOnce: this is what KWOK's own heap gets wrong.
func TestAnItemIsInOnce(t *testing.T) {
	t.Parallel()
	h := NewHeap[int, string]()
	h.Push(1, "a")
	h.Push(2, "b")
	h.Push(3, "a")
	if key, item, _ := h.Peek(); h.Len() != 2 || key != 2 || item != "b" {
		t.Errorf("of %d the first is %q by %d", h.Len(), item, key)
	}
	h.Push(1, "a")
	if got := taken(h); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
	if h.Remove("a") {
		t.Error("a is still in")
	}
}
