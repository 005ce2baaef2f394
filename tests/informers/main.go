// Informers keeps caches of resources with client-go, as controllers do, and
// tells on its standard output what they hold; or it writes objects, or watches
// without a cache. Tests start it and compare.
//
//	informers cache  --kubeconfig F --resources a,b [--metadata]
//	informers watch  --kubeconfig F --resources a,b --from RV
//	informers churn  --kubeconfig F --resources a,b --seconds N [--writers N] [--namespaces N]
//
// WatchList is chosen with KUBE_FEATURE_WatchListClient=true or false.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	group   = "spdx.softwarecomposition.kubescape.io"
	version = "v1beta1"
)

type options struct {
	config     *rest.Config
	resources  []schema.GroupVersionResource
	metadata   bool
	from       string
	duration   time.Duration
	writers    int
	namespaces int
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "informers:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) < 2 {
		return fmt.Errorf("say cache, watch or churn")
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the server")
	resources := flags.String("resources", "", "plurals, with commas")
	metadata := flags.Bool("metadata", false, "keep metadata only")
	from := flags.String("from", "", "the version to watch from")
	seconds := flags.Int("seconds", 10, "how long to write")
	writers := flags.Int("writers", 4, "how many write at once")
	namespaces := flags.Int("namespaces", 3, "churn-0, churn-1 and so on; they have to exist")
	if err := flags.Parse(os.Args[2:]); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	// The server is what is tested, not the client's patience.
	config.QPS = -1
	o := options{
		config:     config,
		metadata:   *metadata,
		from:       *from,
		duration:   time.Duration(*seconds) * time.Second,
		writers:    *writers,
		namespaces: *namespaces,
	}
	for _, name := range strings.Split(*resources, ",") {
		o.resources = append(o.resources, schema.GroupVersionResource{Group: group, Version: version, Resource: name})
	}
	ctx := context.Background()
	switch os.Args[1] {
	case "cache":
		return keep(ctx, o)
	case "watch":
		return watchAll(ctx, o)
	case "churn":
		return churn(ctx, o)
	}
	return fmt.Errorf("no such command: %s", os.Args[1])
}
