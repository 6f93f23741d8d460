// Any request to the embedded store: it is answered, and never with a failure of the store.

#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include "fuzz.hpp"
#include "support/every_operation.hpp"

namespace {

namespace cf = cloudflare;

struct Store {
  std::shared_ptr<cf::testing::FakeClock> clock = std::make_shared<cf::testing::FakeClock>();
  cf::local::Cloudflare cloud{cf::local::CloudflareOptions{.clock = clock}};
  std::string ns = cloud.client().kv_namespaces().create("n").id;
  std::string database = cloud.client().d1_databases().create("d").uuid;
  std::shared_ptr<cf::Transport> transport = cloud.transport();

  Store() {
    cloud.serve_edgebase(
        {.service_key = "key", .kv = {"cache"}, .d1 = {"analytics"}, .vectorize = {{.name = "docs", .dimensions = 2}}});
    const auto index = cloud.client().vectorize("docs", 2);
    (void)index.create_metadata_index("p", cf::vectorize::MetadataType::string);
    (void)index.insert(support::every::vectors());
    cloud.client().d1(database).execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    cloud.client().kv(ns).put("a", "value");
  }
};

// "$ns" and "$db" in a path stand for what the store has.
std::string with_ids(std::string path, const Store& store) {
  for (const auto& [mark, id] : {std::pair<std::string, std::string>("$ns", store.ns), {"$db", store.database}})
    for (std::size_t at = path.find(mark); at != std::string::npos; at = path.find(mark))
      path.replace(at, mark.size(), id);
  return path;
}

// The steps of an import and of an export, whose addresses and bookmarks only the store knows.
void transfer(Store& store, const std::string& sql) {
  const auto db = store.cloud.client({.clock = store.clock}).d1(store.database);
  fuzz::succeeds([&] { (void)db.import_sql(sql); });
  std::string dump;
  if (fuzz::succeeds([&] { (void)db.export_to(cf::sink_to([&](std::string_view bytes) { dump += bytes; })); }))
    fuzz::require(dump.starts_with("PRAGMA defer_foreign_keys=TRUE;"), "an export is a dump", dump);
}

}  // namespace

FUZZ_TARGET(store) {
  // A fresh store now and then: what was created must not pile up.
  static std::unique_ptr<Store> store;
  static int used = 0;
  if (!store || ++used % 200 == 0) store = std::make_unique<Store>();
  static constexpr std::array methods{"GET", "POST", "PUT", "DELETE", "PATCH"};
  // Two requests in a row, so that one can use what the other made.
  for (int i = 0; i < 2 && !in.empty(); ++i) {
    const std::size_t choice = in.byte();
    if (choice == 0xFE) {
      transfer(*store, in.text());
      continue;
    }
    cf::HttpRequest request;
    request.method = methods[choice % methods.size()];
    request.url = "http://localhost/" + with_ids(in.text(), *store);
    request.headers = {{"Authorization", "Bearer token"}, {"X-EdgeBase-Service-Key", "key"}};
    if (const std::string type = in.text(); !type.empty()) request.headers.push_back({"Content-Type", type});
    request.body = in.text();
    if ((choice & 0x80U) != 0) {  // the same body as a source, of a size that is known or not
      const auto read = [text = std::string(request.body.text())](std::span<char> to) mutable {
        const std::size_t n = text.copy(to.data(), to.size());
        text.erase(0, n);
        return n;
      };
      const auto size = request.body.size();
      request.body = cf::Body::callback(read, nullptr, (choice & 0x40U) != 0 ? size : std::nullopt);
    }
    fuzz::succeeds([&] {
      const auto reply =
          store->transport->send(request, {.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20)});
      fuzz::require(reply.status >= 200 && reply.status != 500 && reply.status < 600, "the store does not fail",
                    request.url + " " + reply.body);
    });
    const auto judged = store->cloud.admit(request);
    (void)judged;
  }
}
