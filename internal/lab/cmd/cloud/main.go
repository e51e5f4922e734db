// Package cloud is the lab's command cloud: what is done with stores of objects.
package cloud

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/mendcap/mendcap/internal/lab/cloud"
)

// Main runs the command: a proxy that does harm, or a copy from store to store.
func Main() {
	log.SetFlags(0)
	log.SetPrefix("cloud: ")
	to := flag.String("proxy", "", "hand requests on to the store at this `URL`, until a signal ends it")
	listen := flag.String("listen", "127.0.0.1:0", "`address` of the proxy")
	share := flag.Float64("share", 0.1, "share of the requests that the proxy does harm to")
	seed := flag.Uint64("seed", 1, "seed of the harm")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: lab cloud FROM TO copies all objects of a store, paths or URLs\n       lab cloud -proxy URL [-share S] [-seed N]")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case *to != "" && flag.NArg() == 0:
		err = serve(ctx, *to, *listen, *share, *seed)
	case *to == "" && flag.NArg() == 2:
		var n int
		if n, err = cloud.Copy(ctx, flag.Arg(0), flag.Arg(1)); err == nil {
			fmt.Println("objects copied:", n)
		}
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// serve runs a proxy, and says at the end what it did.
func serve(ctx context.Context, to, listen string, share float64, seed uint64) error {
	at, err := url.Parse(to)
	if err != nil {
		return err
	}
	proxy := &cloud.Proxy{Seed: seed, Share: share, To: at}
	server := &http.Server{Addr: listen, Handler: proxy, ErrorLog: log.New(io.Discard, "", 0)}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	fmt.Println(proxy)
	return nil
}
