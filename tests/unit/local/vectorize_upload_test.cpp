// Vectorize of the embedded store: what uploads look like, and what they are refused for.
#include "local_vectorize_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded vectorize: an unparsable line is 40023 and named; nothing of the upload is applied") {
  LocalApi api;
  LocalVectorize index(api);
  const std::string good = "{\"id\":\"a\",\"values\":[1,2]}";
  for (const std::string& line :
       {std::string("not json"), std::string(), std::string("{\"id\":\"b\",\"values\":[1,2]"), std::string("[1]"),
        good + good, std::string(R"({"id":1,"values":[1,2]})"), std::string(R"({"values":[1,2]})"),
        std::string(R"({"id":"b"})"), std::string(R"({"id":"b","values":"12"})"),
        std::string(R"({"id":"b","values":[1,"2"]})"), std::string(R"({"id":"b","values":[1,null]})"),
        std::string(R"({"id":"b","values":[1,1e39]})"), std::string(R"({"id":"b","values":[1,NaN]})"),
        std::string(R"({"id":"b","values":[1,2],"metadata":[1]})"),
        std::string(R"({"id":"b","values":[1,2],"metadata":"text"})"),
        std::string(R"({"id":"b","values":[1,2],"namespace":5})"), std::string("{\"id\":\"\xFF\",\"values\":[1,2]}")}) {
    INFO(line);
    for (const std::string route : {"/insert", "/upsert"}) {
      const Answer answer = index.upload(route, good + "\n" + line + "\n" + good + "\n");
      CHECK(answer.status == 400);
      CHECK(answer.code() == 40023);
      CHECK(answer.message().ends_with("(line 2)"));
    }
    const Answer discarded =
        index.upload("/upsert?unparsable-behavior=discard", good + "\n" + line + "\n{\"id\":\"c\",\"values\":[1,2]}\n");
    CHECK(discarded.status == 200);
    CHECK(index.count() == 2);
    (void)index.erase({"a", "c"}).result();
  }
  CHECK(index.upload("/upsert?unparsable-behavior=error", "x\n").code() == 40023);
  CHECK(index.upload("/upsert?unparsable-behavior=ignore", good + "\n").code() == 40026);
}

TEST_CASE("embedded vectorize: ndjson may lack the last newline, and may have CRLF, null members and unknown members") {
  LocalApi api;
  LocalVectorize index(api);
  CHECK(index.upload("/upsert", "{\"id\":\"a\",\"values\":[1,2]}").status == 200);
  CHECK(index.upload("/upsert", "{\"id\":\"b\",\"values\":[1,2],\"namespace\":null,\"metadata\":null}\r\n").status ==
        200);
  CHECK(index.upload("/upsert", "{\"more\":{\"x\":[1]},\"values\":[1,2],\"id\":\"c\"}\n").status == 200);
  CHECK(index.upload("/upsert", "").code() == 40026);
  const Json plain = index.vectors({"b"}).at(0);
  CHECK_FALSE(plain.contains("namespace"));
  CHECK_FALSE(plain.contains("metadata"));
  CHECK(index.count() == 3);
}

TEST_CASE("embedded vectorize: a form's part named vectors is taken, another form or type is refused") {
  LocalApi api;
  LocalVectorize index(api);
  const auto form = [&](const std::string& part) {
    return index.upload("/insert",
                        "--B\r\nContent-Disposition: form-data; name=\"" + part +
                            "\"; filename=\"vectors.ndjson\"\r\nContent-Type: application/x-ndjson\r\n\r\n"
                            "{\"id\":\"a\",\"values\":[1,2]}\n\r\n--B--\r\n",
                        "multipart/form-data; boundary=B");
  };
  CHECK(form("vectors").status == 200);
  CHECK(index.count() == 1);
  CHECK(form("file").code() == 40026);
  const Answer json = index.upload("/insert", "{\"id\":\"a\",\"values\":[1,2]}", "application/json");
  CHECK(json.code() == 1005);
  CHECK(json.message().find("vectorize.unknown_content_type") != std::string::npos);
  CHECK(index.upload("/insert", "{\"id\":\"a\",\"values\":[1,2]}", "").code() == 1005);
}

TEST_CASE("embedded vectorize: wrong dimensions, long ids, namespaces and metadata are refused with their line") {
  LocalApi api;
  LocalVectorize index(api);
  const Json good = vector_of("good", {1, 2});
  const auto refused = [&](const Json& bad, int code) {
    INFO(bad.dump().substr(0, 200));
    const Answer answer = index.upload("/upsert?unparsable-behavior=discard", lines_of({good, good, bad}));
    CHECK(answer.status == 400);
    CHECK(answer.code() == code);
    CHECK(answer.message().ends_with("(line 3)"));
    return answer.message();
  };
  CHECK(refused(vector_of("short", {1}), 40012).find("\"short\", expected 2 dimensions, and got 1") !=
        std::string::npos);
  refused(vector_of("long", {1, 2, 3}), 40012);
  refused(vector_of(std::string(65, 'x'), {1, 2}), 40008);
  refused(vector_of("", {1, 2}), 40026);
  refused(vector_of("a", {1, 2}, std::string(65, 'n')), 40026);
  // 33 characters of two bytes are 66 bytes.
  std::string bytes;
  for (int i = 0; i < 33; ++i) bytes += "\xC3\xBC";
  refused(vector_of(bytes, {1, 2}), 40008);
  for (const char* key : {"", "a.b", "a\"b", "a|b", "$a"}) refused(vector_of("a", {1, 2}, "", {{key, 1}}), 40018);
  refused(vector_of("a", {1, 2}, "", {{"outer", {{"in.ner", 1}}}}), 40018);
  refused(vector_of("a", {1, 2}, "", {{"list", {{{"$x", 1}}}}}), 40018);
  CHECK(index.count() == 0);

  const std::string most(10240 - std::string(R"({"t":""})").size(), 'x');
  CHECK(index.upsert({vector_of(std::string(64, 'x'), {1, 2}, std::string(64, 'n'), {{"t", most}})}).status == 200);
  refused(vector_of("a", {1, 2}, "", {{"t", most + "x"}}), 40016);
  // White space is not stored and does not count.
  const std::string spaced = R"({"id":"s","values":[1,2],"metadata":{ "t" : ")" + most + "\" }}";
  CHECK(index.upload("/upsert", spaced).status == 200);
}

TEST_CASE("embedded vectorize: what is nested too deep or holds too many values is refused, wherever it stands") {
  LocalApi api;
  LocalVectorize index(api);
  const std::string deep = std::string(101, '[') + std::string(101, ']');
  const std::string says = "nested deeper than 100 levels";
  for (const std::string& member : {R"("metadata":{"m":)" + deep + "}", "\"unknown\":" + deep}) {
    const Answer answer = index.upload("/upsert", R"({"id":"a","values":[1,2],)" + member + "}");
    CHECK(answer.code() == 40023);
    CHECK(answer.message().find(says) != std::string::npos);
  }
  std::string many = "[0";
  while (many.size() < 8'000'000) many += ",0";
  many += "]";
  const Answer unknown = index.upload("/upsert", R"({"id":"a","values":[1,2],"unknown":)" + many + "}");
  CHECK(unknown.message().find("more than 3000000 values") != std::string::npos);
  // Metadata that is too large is refused without being parsed.
  CHECK(index.upload("/upsert", R"({"id":"a","values":[1,2],"metadata":{"m":)" + many + "}}").code() == 40016);
  for (const char* route : {"/query", "/get_by_ids", "/metadata_index/create"}) {
    const Answer answer = api.call("POST", "/accounts/local" + index.path + route, "{\"vector\":" + deep + "}",
                                   {{"authorization", "Bearer token"}, {"content-type", "application/json"}});
    CHECK(answer.code() == 40026);
    CHECK(answer.message().find(says) != std::string::npos);
  }
}

TEST_CASE("embedded vectorize: metadata comes back as it was sent: nested, with all its digits and characters") {
  LocalApi api;
  LocalVectorize index(api);
  const std::string metadata = R"({"id":9007199254740993,"deep":{"list":[1,{"x":null}],"t":"\u00fc \"q\""},"f":1.50})";
  CHECK(index.upload("/upsert", R"({"id":"a","values":[1,2],"metadata":)" + metadata + "}").status == 200);
  CHECK(index.post("/get_by_ids", {{"ids", {"a"}}}).body.find(metadata) != std::string::npos);
}

TEST_CASE("embedded vectorize: 5000 vectors and 100 MB are accepted in one upload, more are not") {
  LocalApi api;
  LocalVectorize index(api, 1);
  const auto lines = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "{\"id\":\"" + std::to_string(i) + "\",\"values\":[1]}\n";
    return text;
  };
  CHECK(index.upload("/upsert", lines(5001)).code() == 40026);
  CHECK(index.count() == 0);
  CHECK(index.upload("/upsert", lines(5000)).status == 200);
  CHECK(index.count() == 5000);
  std::string large = "{\"id\":\"a\",\"values\":[1]}";
  large.resize(100'000'001, ' ');
  const Answer answer = index.upload("/upsert", large);
  CHECK(answer.status == 413);
  CHECK(answer.code() == 40026);
  large.pop_back();
  CHECK(index.upload("/upsert", large).status == 200);
}

TEST_CASE("embedded vectorize: an index has at most 50000 namespaces") {
  LocalApi api;
  LocalVectorize index(api, 1);
  const auto upload = [&](int from, int count) {
    std::string text;
    for (int i = from; i < from + count; ++i)
      text += R"({"id":"v","values":[1],"namespace":"n)" + std::to_string(i) + "\"}\n";
    return index.upload("/upsert", text);
  };
  for (int i = 0; i < 10; ++i) REQUIRE(upload(i * 5000, 5000).status == 200);
  CHECK(upload(50'000, 1).code() == 40026);
  CHECK(upload(49'999, 1).status == 200);
}
