// All mods of the library: one idea per header in flex/mods/.
#pragma once

// IWYU pragma: begin_exports
#include "flex/combine.h"
#include "flex/mods/alibi.h"
#include "flex/mods/batchify.h"
#include "flex/mods/block_causal.h"
#include "flex/mods/block_diffusion.h"
#include "flex/mods/causal.h"
#include "flex/mods/dilated.h"
#include "flex/mods/dilated_window.h"
#include "flex/mods/document.h"
#include "flex/mods/document_causal.h"
#include "flex/mods/global_window.h"
#include "flex/mods/neighbourhood.h"
#include "flex/mods/offset.h"
#include "flex/mods/prefix_lm.h"
#include "flex/mods/relative_bias.h"
#include "flex/mods/sandwich.h"
#include "flex/mods/segment_log_weight.h"
#include "flex/mods/segment_relation.h"
#include "flex/mods/shared_prefix.h"
#include "flex/mods/sliding_window.h"
#include "flex/mods/soft_cap.h"
#include "flex/mods/symmetric_window.h"
#include "flex/mods/tree_ancestors.h"
// IWYU pragma: end_exports
