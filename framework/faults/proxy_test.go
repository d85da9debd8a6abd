package faults

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

func TestBodiesPassByteForByte(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 300_000)
	_, _ = rand.Read(body)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.proxy.URL+"/echo", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, unread := io.ReadAll(response.Body); unread != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes came back for %d, %v", len(got), len(body), unread)
	}
}

func TestRequestsPassWithTheirOwnCredentials(t *testing.T) {
	t.Parallel()
	for name, contentType := range encodings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, contentType)
			if err := s.create(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.server.tokens, []string{"Bearer the subject's"}) {
				t.Errorf("the API server was shown %v", s.server.tokens)
			}
			list, err := s.client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
			if err != nil || len(list.Items) != 1 || list.Items[0].Name != "a" {
				t.Errorf("listed are %v, %v", list.Items, err)
			}
		})
	}
}

func TestTheKthWriteIsRefused(t *testing.T) {
	t.Parallel()
	for name, contentType := range encodings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, contentType)
			for code, is := range map[int]func(error) bool{
				http.StatusForbidden: apierrors.IsForbidden, http.StatusConflict: apierrors.IsConflict,
				http.StatusUnprocessableEntity: apierrors.IsInvalid, http.StatusInternalServerError: apierrors.IsInternalError,
				http.StatusServiceUnavailable: apierrors.IsServiceUnavailable, http.StatusGatewayTimeout: apierrors.IsTimeout,
			} {
				s.set(t, Rule{Name: "second", Match: Writes("ns", "pods"), Effect: Refuse, Code: code, After: 1, Times: 1})
				before := s.server.stored()
				first, second, third := s.create(t.Context(), "a"), s.create(t.Context(), "b"), s.create(t.Context(), "c")
				if first != nil || third != nil || !is(second) {
					t.Errorf("%d: the creates gave %v, %v and %v", code, first, second, third)
				}
				if stored := s.server.stored() - before; stored != 2 {
					t.Errorf("%d: %d pods were stored", code, stored)
				}
				if deeds := s.lift(t, "second"); len(deeds) != 1 || deeds[0].Request != "create pods ns" || !strings.Contains(deeds[0].Did, "refused") {
					t.Errorf("%d: recorded is %+v", code, deeds)
				}
			}
		})
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.set(t, Rule{Name: "busy", Match: Writes("ns"), Effect: Refuse, Code: http.StatusTooManyRequests, RetryAfter: time.Second, Times: 1})
	begun := time.Now()
	if err := s.create(t.Context(), "a"); err != nil {
		t.Errorf("client-go tries again by itself, and got %v", err)
	}
	if took := time.Since(begun); took < time.Second || s.server.stored() != 1 {
		t.Errorf("it took %s, and %d pods are stored", took, s.server.stored())
	}
}

func TestLostRequestsAndLostAnswers(t *testing.T) {
	t.Parallel()
	for effect, stored := range map[Effect]int{Lose: 0, LoseAnswer: 1} {
		for _, hold := range []bool{false, true} {
			s := newScene(t, "")
			s.set(t, Rule{Name: "lost", Match: Writes("ns", "pods"), Effect: effect, Times: 1, Hold: hold})
			ended := make(chan error, 1)
			go func() { ended <- s.create(t.Context(), "a") }()
			s.await(t, "lost", 1)
			if s.server.stored() != stored {
				t.Errorf("%s: %d pods are stored, not %d", effect, s.server.stored(), stored)
			}
			if hold {
				select {
				case err := <-ended:
					t.Errorf("%s, held: the client heard %v before it was lifted", effect, err)
				default:
				}
				s.lift(t, "lost")
			}
			if err := <-ended; err == nil {
				t.Errorf("%s: the client was answered", effect)
			}
			if err := s.create(t.Context(), "b"); err != nil {
				t.Errorf("%s: the next one: %v", effect, err)
			}
		}
	}
}

func TestAHeldRequestOfAClientThatIsGoneIsNeverForwarded(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.set(t, Rule{Name: "lost", Match: Writes("ns"), Effect: Lose, Hold: true})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.create(ctx, "a") }()
	s.await(t, "lost", 1)
	cancel()
	if err := <-ended; err == nil {
		t.Error("the request was answered")
	}
	s.lift(t, "lost")
	if s.server.stored() != 0 {
		t.Error("it was stored")
	}
}

func TestRulesCountWhateverOtherRulesDo(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.set(t, Rule{Name: "all", Match: Writes("ns"), Effect: Count})
	s.set(t, Rule{Name: "second", Match: Writes("ns"), Effect: Refuse, Code: 500, After: 1, Times: 1})
	s.set(t, Rule{Name: "later", Match: Writes("ns"), Effect: Refuse, Code: 409, After: 2})
	var got []bool
	for range 4 {
		err := s.create(t.Context(), "a")
		got = append(got, err == nil, apierrors.IsInternalError(err), apierrors.IsConflict(err))
	}
	want := []bool{true, false, false, false, true, false, false, false, true, false, false, true}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if hits, err := s.faults.AwaitFault(t.Context(), "all", 4); err != nil || hits != 4 {
		t.Errorf("counted are %d, %v", hits, err)
	}
}

func TestSlowRequestsArriveAndTheRestIsNotTouched(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.set(t, Rule{Name: "slow", Match: Writes("ns"), Effect: Slow, For: 50 * time.Millisecond, Times: 1})
	begun := time.Now()
	if err := s.create(t.Context(), "a"); err != nil || time.Since(begun) < 50*time.Millisecond {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	s.set(t, Rule{Name: "other", Match: Writes("other"), Effect: Refuse, Code: 500})
	if err := s.create(t.Context(), "b"); err != nil {
		t.Errorf("a request of another namespace: %v", err)
	}
}

func TestDrawsAreThoseOfTheSeed(t *testing.T) {
	t.Parallel()
	draw := func(seed int64) []bool {
		table := &table{seed: seed}
		if err := table.set(Rule{Name: "some", Effect: Refuse, Code: 500, Percent: 50}); err != nil {
			t.Fatal(err)
		}
		var hits []bool
		for range 64 {
			hits = append(hits, table.request(Request{Verb: "create"}) != nil)
		}
		return hits
	}
	if !slices.Equal(draw(1), draw(1)) || slices.Equal(draw(1), draw(2)) {
		t.Error("the draws do not follow the seed")
	}
}

func TestWrongRulesAreRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	for says, r := range map[string]Rule{
		"one word":            {Name: "a b", Effect: Count},
		"unknown effect":      {Name: "a", Effect: "explode"},
		"has a code":          {Name: "a", Effect: Refuse},
		"no reason":           {Name: "a", Effect: Refuse, Code: 418},
		"have a time":         {Name: "a", Effect: Delay},
		"out of its range":    {Name: "a", Effect: Count, Percent: 101},
		"nothing else, has a": {Name: "a", Effect: Lose, Code: 500},
	} {
		if err := s.faults.SetFault(t.Context(), r); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", r, err, says)
		}
	}
	s.set(t, Rule{Name: "a", Effect: Count})
	if err := s.faults.SetFault(t.Context(), Rule{Name: "a", Effect: Count}); err == nil {
		t.Error("two rules have one name")
	}
	if deeds := s.lift(t, "nobody's"); deeds != nil {
		t.Errorf("%v", deeds)
	}
	if _, err := s.faults.AwaitFault(t.Context(), "nobody's", 1); err == nil {
		t.Error("a rule that is not there was awaited")
	}
}

func TestRequestsAreReadAsRBACHasThem(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"GET /api/v1/pods?watch=true":                                   "watch pods",
		"GET /api/v1/nodes/n1":                                          "get nodes n1",
		"GET /apis/apps/v1/daemonsets?resourceVersion=0":                "list daemonsets",
		"POST /api/v1/namespaces/ns/pods":                               "create pods ns",
		"DELETE /api/v1/namespaces/ns/pods/p":                           "delete pods ns/p",
		"DELETE /api/v1/namespaces/ns/pods":                             "deletecollection pods ns",
		"PUT /apis/apps/v1/namespaces/ns/daemonsets/d/status":           "update daemonsets/status ns/d",
		"PATCH /apis/apps/v1/namespaces/ns/controllerrevisions/c":       "patch controllerrevisions ns/c",
		"PUT /api/v1/namespaces/ns/finalize":                            "update namespaces/finalize ns",
		"GET /api/v1/namespaces/ns":                                     "get namespaces ns",
		"GET /version":                                                  "get ",
		"GET /apis/apps/v1":                                             "get ",
		"POST /apis/coordination.k8s.io/v1/namespaces/kube-node/leases": "create leases kube-node",
	} {
		method, path, _ := strings.Cut(line, " ")
		h, err := http.NewRequestWithContext(t.Context(), method, "https://127.0.0.1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(h).String(); got != want {
			t.Errorf("%s is %q, not %q", line, got, want)
		}
	}
}
