// Attention of packed execution: the literal sequence under its segment mask.
#include "core/error.h"
#include "model/cpu/cpu_backend.h"

namespace chorus::model::cpu {

template <class T>
void CpuBackend<T>::attend_packed(std::int64_t, const CpuKvStore<T>&, const AttentionPlan&) {
  throw Error(ErrorKind::device, "packed execution", "it to be built", "");
}

template void CpuBackend<float>::attend_packed(std::int64_t, const CpuKvStore<float>&, const AttentionPlan&);
template void CpuBackend<core::bf16>::attend_packed(std::int64_t, const CpuKvStore<core::bf16>&, const AttentionPlan&);

}  // namespace chorus::model::cpu
