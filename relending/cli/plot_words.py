"""What ``relending plot`` says, in both languages."""

from __future__ import annotations

WORDS = {
    "en": {
        "exists": "{path} exists already and is left as it is; choose another --out, or replace it with --force",
        "folder": "{path} is a folder, where a file of that name would be written; choose another --out",
        "inside": "{path}: is inside a run folder, and a saved run is not changed; choose another --out",
        "refused": "{path}: cannot be written: {why}",
        "quarter": "--quarter is of a sweep and of causes; what is asked for shows every quarter",
        "fix": "--fix is of a sweep; this source is none",
        "written": "{pictures} in {folder}, {files}",
        "pictures": "{n:,} pictures",
        "picture": "1 picture",
        "files": "{n:,} files",
        "file": "1 file",
        "left": "Not drawn ({n}):",
        "more": "… and {n} more; --list shows all of them",
        "stopped": "Nothing was written.",
        "can": "{source} can show",
        "cannot": "It cannot show",
        "typed": "Name one or more of them, by name or title: relending plot {source} NAME",
    },
    "zh": {
        "exists": "{path} 已存在，未作改动；请换一个 --out，或用 --force 替换",
        "folder": "{path} 是文件夹，而此处将写入同名文件；请换一个 --out",
        "inside": "{path}：位于运行文件夹内，已保存的运行结果不得改动；请换一个 --out",
        "refused": "{path}：无法写入：{why}",
        "quarter": "--quarter 只用于参数扫描和差额原因；所选的图显示全部季度",
        "fix": "--fix 只用于参数扫描",
        "written": "{pictures}，{files}，位于 {folder}",
        "pictures": "{n:,} 幅图",
        "picture": "1 幅图",
        "files": "{n:,} 个文件",
        "file": "1 个文件",
        "left": "未画出（{n} 幅）：",
        "more": "…… 另有 {n} 幅；--list 可列出全部",
        "stopped": "未写入任何文件。",
        "can": "{source} 可以画",
        "cannot": "不能画",
        "typed": "按名称或标题选择：relending plot {source} 名称",
    },
}
