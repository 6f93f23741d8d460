// Loads an NDJSON or CSV file of any length into KV or Vectorize. Interrupted with Ctrl-C, it completes the requests
// that are under way; started again, it goes on where it was, and every item is sent once.
//
//   example_bulk_load pairs.ndjson --kv NAMESPACE_ID        (CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID)
//   example_bulk_load vectors.csv --vectorize docs
//   example_bulk_load pairs.csv --kv settings --store dev-data        (the embedded store in a folder; no account)

#include <CLI/CLI.hpp>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/files/import.hpp>
#include <cloudflare/files/progress_bar.hpp>
#include <cloudflare/local.hpp>
#include <csignal>
#include <iostream>
#include <ranges>
#include <thread>

namespace cf = cloudflare;
using namespace std::chrono_literals;

namespace {

/// Ctrl-C: the first one ends the job gently, the second one at once. A thread of its own waits for the signals,
/// because a signal handler must not take locks.
class Interrupt {
 public:
  Interrupt() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);  // inherited by every thread begun later
    waiting_ = std::jthread([this](const std::stop_token& ended) {
      const timespec step{.tv_sec = 0, .tv_nsec = 50'000'000};
      while (!ended.stop_requested() && !now_.stop_requested())
        if (sigtimedwait(&signals_, nullptr, &step) > 0) (gently_.stop_requested() ? now_ : gently_).request_stop();
    });
  }
  [[nodiscard]] std::stop_token gently() const { return gently_.get_token(); }
  [[nodiscard]] std::stop_token now() const { return now_.get_token(); }

 private:
  sigset_t signals_{};
  std::stop_source gently_{};
  std::stop_source now_{};
  std::jthread waiting_{};
};

struct Wishes {
  std::string file;
  std::string kv;
  std::string index;
  std::string store;
  cf::ImportOptions options;

  [[nodiscard]] bool csv() const {
    return options.format ? *options.format == cf::FileFormat::csv : file.ends_with(".csv");
  }
};

// Reads the whole file once: a line that cannot be read is found before anything is sent.
std::uint64_t items_in(const Wishes& wishes) {
  auto count = [](auto items) { return static_cast<std::uint64_t>(std::ranges::distance(items)); };
  if (!wishes.kv.empty()) return count(wishes.csv() ? cf::kv::read_csv(wishes.file) : cf::kv::read_ndjson(wishes.file));
  return count(wishes.csv() ? cf::vectorize::read_csv(wishes.file) : cf::vectorize::read_ndjson(wishes.file));
}

/// Creates the namespace or index if the embedded store does not have it yet.
void prepare(const cf::ApiClient& client, Wishes& wishes, int dimensions) {
  if (wishes.store.empty()) return;
  if (!wishes.kv.empty()) {
    const auto found = client.kv_namespaces().find(wishes.kv);
    wishes.kv = found ? found->id : client.kv_namespaces().create(wishes.kv).id;
  } else if (!client.vectorize_indexes().find(wishes.index)) {
    client.vectorize_indexes().create(wishes.index, {.dimensions = dimensions});
  }
}

cf::ImportResult load(const cf::ApiClient& client, const Wishes& wishes) {
  if (!wishes.kv.empty()) return cf::kv::import_from(client.kv(wishes.kv), wishes.file, wishes.options);
  // [vectors]
  const cf::VectorizeIndex index = client.vectorize(wishes.index);
  cf::vectorize::ImportResult done = cf::vectorize::import_from(index, wishes.file, wishes.options);
  if (done.loaded > 0 && done.finished) index.wait_for(done.mutation, 5min);  // they show in queries from now on
  // [/vectors]
  return done;
}

int report(const cf::ImportResult& done) {
  constexpr std::size_t shown = 10;
  for (std::size_t i = 0; i < std::min(done.failed.size(), shown); ++i)
    std::cerr << "item " << done.failed[i].index + 1 << ", " << done.failed[i].name << ": "
              << done.failed[i].error.what() << '\n';
  std::cout << "loaded " << done.loaded << ", before " << done.already << ", expired " << done.expired << ", failed "
            << done.failed.size() << ", requests " << done.requests << '\n';
  if (done.stopped) std::cerr << done.stopped->what() << '\n';
  if (done.complete()) return 0;
  std::cerr << "Not all is loaded; the same command goes on from here.\n";
  return done.finished || done.stopped ? 1 : 130;
}

}  // namespace

int main(int argc, char** argv) try {
  Wishes wishes;
  int dimensions = 0;
  CLI::App app("Loads an NDJSON or CSV file into KV or Vectorize.");
  app.add_option("file", wishes.file, "The file")->required();
  auto* kv = app.add_option("--kv", wishes.kv, "KV namespace: its id, or its title with --store");
  auto* index = app.add_option("--vectorize", wishes.index, "Vectorize index: its name");
  kv->excludes(index);
  app.add_option("--store", wishes.store, "Folder of an embedded store in the place of an account");
  app.add_option("--dimensions", dimensions, "Of an index that the embedded store creates");
  app.add_option("--state", wishes.options.state_file, "State file; FILE.state unless given");
  app.add_option("--piece", wishes.options.items_per_state, "Items between two states");
  app.add_option("--in-flight", wishes.options.in_flight, "Requests under way at once");
  CLI11_PARSE(app, argc, argv);
  if (wishes.kv.empty() && wishes.index.empty()) throw std::runtime_error("one of --kv and --vectorize is needed");

  const Interrupt interrupt;
  std::optional<cf::local::Cloudflare> store;
  if (!wishes.store.empty()) store.emplace(wishes.store);
  const cf::ApiClient client = (store ? store->client() : cf::ApiClient::from_env()).with({.stop = interrupt.now()});
  prepare(client, wishes, dimensions);
  // [load]
  const cf::ProgressBar bar({.label = "loading"});
  wishes.options.expected_items = items_in(wishes);
  wishes.options.stop = interrupt.gently();
  wishes.options.on_progress = bar;
  const cf::ImportResult done = load(client, wishes);
  bar.finish();
  // [/load]
  return report(done);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
