#pragma once

// Names and references of an aggregate's members, without a macro: the compiler prints the name of a member whose
// address is a template argument. Works on g++ and clang for structs without base classes and array members.

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif

namespace cloudflare::detail {

struct AnyMember {
  template <class T>
  operator T() const noexcept;  // NOLINT(*-explicit-*): never called
};

template <class T, std::size_t... I>
constexpr bool takes_members(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), AnyMember())...}; };
}

/// Converts to the base classes of T only.
template <class T>
struct AnyBase {
  template <class B>
  requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>) operator B() const noexcept;  // NOLINT(*-explicit-*)
};
/// Whether an aggregate has a base class.
template <class T>
concept HasBase = requires {
  T{AnyBase<T>()};
};

inline constexpr std::size_t most_fields = 16;

/// 0 if there are more than most_fields.
template <class T, std::size_t N = most_fields + 1>
constexpr std::size_t field_count() {
  if constexpr (N > most_fields && takes_members<T>(std::make_index_sequence<N>()))
    return 0;
  else if constexpr (N == 0 || takes_members<T>(std::make_index_sequence<N>()))
    return N;
  else
    return field_count<T, N - 1>();
}

/// References to the members of an aggregate.
template <class T>
constexpr auto tie_fields(T& object) noexcept {  // T may be const
  constexpr std::size_t count = field_count<std::remove_cv_t<T>>();
  // clang-format off
  if constexpr (count == 1) { auto& [a] = object; return std::tie(a); }
  else if constexpr (count == 2) { auto& [a,b] = object; return std::tie(a,b); }
  else if constexpr (count == 3) { auto& [a,b,c] = object; return std::tie(a,b,c); }
  else if constexpr (count == 4) { auto& [a,b,c,d] = object; return std::tie(a,b,c,d); }
  else if constexpr (count == 5) { auto& [a,b,c,d,e] = object; return std::tie(a,b,c,d,e); }
  else if constexpr (count == 6) { auto& [a,b,c,d,e,f] = object; return std::tie(a,b,c,d,e,f); }
  else if constexpr (count == 7) { auto& [a,b,c,d,e,f,g] = object; return std::tie(a,b,c,d,e,f,g); }
  else if constexpr (count == 8) { auto& [a,b,c,d,e,f,g,h] = object; return std::tie(a,b,c,d,e,f,g,h); }
  else if constexpr (count == 9) { auto& [a,b,c,d,e,f,g,h,i] = object; return std::tie(a,b,c,d,e,f,g,h,i); }
  else if constexpr (count == 10) { auto& [a,b,c,d,e,f,g,h,i,j] = object; return std::tie(a,b,c,d,e,f,g,h,i,j); }
  else if constexpr (count == 11) { auto& [a,b,c,d,e,f,g,h,i,j,k] = object; return std::tie(a,b,c,d,e,f,g,h,i,j,k); }
  else if constexpr (count == 12) { auto& [a,b,c,d,e,f,g,h,i,j,k,l] = object; return std::tie(a,b,c,d,e,f,g,h,i,j,k,l); }
  else if constexpr (count == 13) { auto& [a,b,c,d,e,f,g,h,i,j,k,l,m] = object; return std::tie(a,b,c,d,e,f,g,h,i,j,k,l,m); }
  else if constexpr (count == 14) { auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n] = object; return std::tie(a,b,c,d,e,f,g,h,i,j,k,l,m,n); }
  else if constexpr (count == 15) { auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,p] = object; return std::tie(a,b,c,d,e,f,g,h,i,j,k,l,m,n,p); }
  else if constexpr (count == 16) { auto& [a,b,c,d,e,f,g,h,i,j,k,l,m,n,p,q] = object; return std::tie(a,b,c,d,e,f,g,h,i,j,k,l,m,n,p,q); }
  else { return std::tuple<>(); }
  // clang-format on
}

template <class T>
struct FieldHolder {
  const T value;
};
template <class T>
extern const FieldHolder<T> field_holder;  // declared only for its address at compile time

template <class P>
struct FieldAddress {
  const P* address;
};
template <class P>
FieldAddress(const P*) -> FieldAddress<P>;

template <class T, std::size_t I>
constexpr auto field_address() {
  return FieldAddress{&std::get<I>(tie_fields(field_holder<T>.value))};
}

// "… P = {&field_holder.value.id}]", "… value.User::id)}; …]" or, from MSVC, "…->value->id}>(void)": the last name in
// the template argument.
template <auto Address>
constexpr std::string_view field_name() {
#ifdef _MSC_VER
  std::string_view text = __FUNCSIG__;
#else
  std::string_view text = __PRETTY_FUNCTION__;
#endif
  text = text.substr(0, text.rfind('}'));
  while (text.back() == ')') text.remove_suffix(1);
  return text.substr(text.find_last_of(".:>") + 1);
}

template <class T, std::size_t... I>
constexpr auto field_names(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{field_name<field_address<T, I>()>()...};
}

}  // namespace cloudflare::detail

#ifdef __clang__
#pragma clang diagnostic pop
#endif
