package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

type fakeImages struct {
	runtimeapi.ImageServiceClient
	images []*runtimeapi.Image
}

func (f fakeImages) ListImages(context.Context, *runtimeapi.ListImagesRequest, ...grpc.CallOption) (*runtimeapi.ListImagesResponse, error) {
	return &runtimeapi.ListImagesResponse{Images: f.images}, nil
}

func (f fakeImages) ImageStatus(_ context.Context, r *runtimeapi.ImageStatusRequest, _ ...grpc.CallOption) (*runtimeapi.ImageStatusResponse, error) {
	for _, i := range f.images {
		for _, tag := range i.GetRepoTags() {
			if tag == r.GetImage().GetImage() {
				return &runtimeapi.ImageStatusResponse{Image: i}, nil
			}
		}
	}
	return &runtimeapi.ImageStatusResponse{}, nil
}

func example() fakeImages {
	return fakeImages{images: []*runtimeapi.Image{
		{Id: "sha256:0123456789abcdef", RepoTags: []string{"127.0.0.1:5000/a/b:v1"}, Size: 1500000},
		{Id: "sha256:fedcba9876543210", Size: 1},
	}}
}

func TestImages(t *testing.T) {
	var out bytes.Buffer
	if err := listImages(t.Context(), example(), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || strings.Join(strings.Fields(lines[1]), " ") != "127.0.0.1:5000/a/b v1 0123456789abc 1.5MB" ||
		!strings.HasPrefix(lines[2], "<none>") {
		t.Errorf("got\n%s", out.String())
	}
}

// kind reads these fields, by these names.
func TestInspectImage(t *testing.T) {
	var out bytes.Buffer
	if err := inspectImages(t.Context(), example(), []string{"127.0.0.1:5000/a/b:v1"}, &out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Status struct {
			ID       string   `json:"id"`
			RepoTags []string `json:"repoTags"`
		} `json:"status"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Status.ID != "sha256:0123456789abcdef" || len(got.Status.RepoTags) != 1 {
		t.Errorf("got %s, %v", out.String(), err)
	}
	if err := inspectImages(t.Context(), example(), []string{"nope:1"}, &out); err == nil || !strings.Contains(err.Error(), `no such image "nope:1"`) {
		t.Errorf("an image that is not there: %v", err)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"rmi"}, {"images", "--nonsense"}, {"images", "-o", "yaml"}, {"inspecti"}} {
		if err := run(t.Context(), args, &bytes.Buffer{}); !errors.Is(err, errUsage) {
			t.Errorf("crictl %v: error %v, want the usage", args, err)
		}
	}
}
