// Reads a declarative file as decK does: by the schema, the types and the builder that Kong itself publishes.
//
//	go run . FILE
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/blang/semver/v4"
	"github.com/kong/go-database-reconciler/pkg/dump"
	"github.com/kong/go-database-reconciler/pkg/file"
	"github.com/kong/go-database-reconciler/pkg/state"
)

func check(path string) error {
	content, err := file.GetContentFromFiles([]string{path}, false)
	if err != nil {
		return err
	}
	empty, err := state.NewKongState()
	if err != nil {
		return err
	}
	raw, err := file.Get(context.Background(), content, file.RenderConfig{
		CurrentState: empty,
		KongVersion:  semver.MustParse("3.9.1"),
	}, dump.Config{}, nil)
	if err != nil {
		return err
	}
	// Plugins of routes are lifted out of them, so that all references have been followed by now.
	fmt.Printf("%d upstreams, %d targets, %d services, %d routes, %d plugins, %d consumers, %d keys\n",
		len(raw.Upstreams), len(raw.Targets), len(raw.Services), len(raw.Routes), len(raw.Plugins),
		len(raw.Consumers), len(raw.JWTAuths))
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: check FILE")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
