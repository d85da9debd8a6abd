package faults

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// control answers on the control socket; Client asks.
func (p *Proxy) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /rules", func(w http.ResponseWriter, h *http.Request) {
		var r Rule
		if err := json.NewDecoder(h.Body).Decode(&r); err != nil {
			reply(w, nil, fmt.Errorf("decoding a rule: %w", err))
			return
		}
		reply(w, struct{}{}, p.table.set(r))
	})
	mux.HandleFunc("DELETE /rules/{name}", func(w http.ResponseWriter, h *http.Request) {
		reply(w, p.table.lift(h.PathValue("name")), nil)
	})
	mux.HandleFunc("GET /rules/{name}/hits", func(w http.ResponseWriter, h *http.Request) {
		least, err := strconv.Atoi(h.URL.Query().Get("least"))
		if err != nil {
			reply(w, nil, fmt.Errorf("how many hits are waited for: %w", err))
			return
		}
		hits, err := p.table.await(h.Context(), h.PathValue("name"), least)
		reply(w, hits, err)
	})
	return mux
}

func reply(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a caller that is gone reads nothing
}
