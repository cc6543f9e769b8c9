"""Layouts of images: class folders, split folders and tables; each file has a class or a reason."""

import pytest

from core.datasets.custom.image_files import TEST, VALIDATION
from core.datasets.report import SPLITS
from core.datasets.trees.layout import Layout, find_layout
from core.datasets.trees.tree import Tree
from core.errors import DatasetError

DRAWN = (TEST, VALIDATION)


class MemoryTree(Tree):
    """Files in memory: a path per line, with a table's content by its path."""

    def __init__(self, paths: str, **tables: str) -> None:
        super().__init__()
        self.tables = {name.replace("__", "."): content for name, content in tables.items()}
        for path in paths.split():
            if path.endswith("/"):
                self._add_folder(path)
            else:
                self._add_file(path, path)

    def read(self, name: str) -> bytes:
        return self.tables.get(name.rpartition("/")[2], "").encode()


def show(layout: Layout) -> str:
    """Return the files as `split:class=file,file` with the drawn splits as `?`."""
    found: dict[str, list[str]] = {}
    for name in sorted(layout.labels):
        split = "?" if layout.drawn == DRAWN else SPLITS[layout.parts[name]]
        found.setdefault(f"{split}:{layout.labels[name]}", []).append(name)
    return " ".join(f"{key}={','.join(names)}" for key, names in sorted(found.items()))


PLAIN = "a/1.png a/2.png b/1.png b/2.png "
PLAIN_FOUND = "?:a=a/1.png,a/2.png ?:b=b/1.png,b/2.png"
FLAT = "1.png 2.png 3.png 4.png "
FLAT_FOUND = "?:a=1.png,2.png ?:b=3.png,4.png"
ROWS = "1.png,a\n2.png,a\n3.png,b\n4.png,b\n"
SIX = "x/1.png x/2.png x/3.png x/4.png x/5.png x/6.png "
SPLIT_ROWS = "file,class,Split\n1.png,a,TRAIN\n2.png,b,train\n3.png,a,Valid\n4.png,b,val\n5.png,a,test\n6.png,b,Test\n"
SPLIT_FOUND = "test:a=x/5.png test:b=x/6.png train:a=x/1.png train:b=x/2.png validation:a=x/3.png validation:b=x/4.png"

ACCEPTED = {
    "class folders": (PLAIN, {}, PLAIN_FOUND, ""),
    "any depth": (
        "a/x/y/z/1.png a/2.png b/u/1.png b/v/1.png", {}, "?:a=a/2.png,a/x/y/z/1.png ?:b=b/u/1.png,b/v/1.png", ""
    ),
    "folder named like an image": ("a/1.png/1.png a/2.png b/x.png/1.png b/1.png", {},
        "?:a=a/1.png/1.png,a/2.png ?:b=b/1.png,b/x.png/1.png", ""),
    "files next to the classes": (PLAIN + "README notes.csv 0.png", {"notes__csv": "id,age\n7,8\n"}, PLAIN_FOUND,
        "0.png README notes.csv"),
    "wrapped": ("all/a/1.png all/a/2.png all/b/1.png all/b/2.png all/LICENSE x.txt", {},
        "?:a=all/a/1.png,all/a/2.png ?:b=all/b/1.png,all/b/2.png", "all/LICENSE x.txt"),
    "wrapped three times next to a folder of texts": (
        "p/q/r/a/1.png p/q/r/a/2.png p/q/r/b/1.png p/q/r/b/2.png p/docs/x.txt", {},
        "?:a=p/q/r/a/1.png,p/q/r/a/2.png ?:b=p/q/r/b/1.png,p/q/r/b/2.png", "p/docs/x.txt"),
    "wrapped images without suffixes": ("w/a/1 w/a/2 w/b/1 w/b/2", {}, "?:a=w/a/1,w/a/2 ?:b=w/b/1,w/b/2", ""),
    "one file without suffix": (PLAIN + "doc/LICENSE", {}, PLAIN_FOUND + " ?:doc=doc/LICENSE", ""),
    "empty folders": (PLAIN + "c/ d/e/ a/f/", {}, PLAIN_FOUND, "a/f/ c/ d/"),
    "hidden": (PLAIN + ".x/1.png a/.2.png .git/config a/.DS_Store", {}, PLAIN_FOUND, ".x/1.png a/.2.png"),
    "litter": (PLAIN + "@eaDir/1.png lost+found/a/1.png THUMBS.DB a/Thumbs.db a/@eadir/1.png $Recycle.Bin/1.png", {},
        PLAIN_FOUND, ""),
    "three splits": (
        "train/a/1.png train/b/1.png Val/a/2.png Val/b/2.png TEST/a/3.png TEST/b/x/3.png TEST/3.png z/1.png", {},
        "test:a=TEST/a/3.png test:b=TEST/b/x/3.png train:a=train/a/1.png train:b=train/b/1.png "
        "validation:a=Val/a/2.png validation:b=Val/b/2.png", "TEST/3.png z/1.png"),
    "no validation": ("d/train/a/1.png d/train/b/1.png d/test/a/3.png d/test/b/3.png", {},
        "test:a=d/test/a/3.png test:b=d/test/b/3.png train:a=d/train/a/1.png train:b=d/train/b/1.png", ""),
    "no test": ("Training/a/1.png Training/b/1.png Validation/a/3.png Validation/b/3.png", {},
        "train:a=Training/a/1.png train:b=Training/b/1.png validation:a=Validation/a/3.png "
        "validation:b=Validation/b/3.png", ""),
    "no training": ("valid/a/1.png valid/b/1.png test/a/3.png test/b/3.png", {},
        "test:a=test/a/3.png test:b=test/b/3.png train:a=valid/a/1.png train:b=valid/b/1.png", ""),
    "test without labels": ("train/a/1.png train/a/2.png train/b/1.png train/b/2.png test/1.png", {},
        "?:a=train/a/1.png,train/a/2.png ?:b=train/b/1.png,train/b/2.png", "test/1.png"),
    "split in itself": ("train/train/a/1.png train/train/b/1.png test/test/a/1.png test/test/b/1.png", {},
        "test:a=test/test/a/1.png test:b=test/test/b/1.png train:a=train/train/a/1.png train:b=train/train/b/1.png",
        ""),
    "other names of splits": (
        "train_set/a/1.png train_set/b/1.png Dev/a/3.png Dev/b/3.png Test-Images/a/2.png Test-Images/b/2.png", {},
        "test:a=Test-Images/a/2.png test:b=Test-Images/b/2.png train:a=train_set/a/1.png train:b=train_set/b/1.png "
        "validation:a=Dev/a/3.png validation:b=Dev/b/3.png", ""),
    "splits in the classes": ("a/train/1.png a/test/2.png b/train/1.png b/test/2.png", {},
        "test:a=a/test/2.png test:b=b/test/2.png train:a=a/train/1.png train:b=b/train/1.png", ""),
    "one folder named train": ("train/a/1.png train/a/2.png train/b/1.png train/b/2.png", {},
        "?:a=train/a/1.png,train/a/2.png ?:b=train/b/1.png,train/b/2.png", ""),
    "classes named like splits": ("bus/1.png bus/2.png test/1.png test/2.png train/1.png train/2.png", {},
        "?:bus=bus/1.png,bus/2.png ?:test=test/1.png,test/2.png ?:train=train/1.png,train/2.png", ""),
    "table": (FLAT + "labels.csv", {"labels__csv": ROWS}, FLAT_FOUND, ""),
    "table with a header": (FLAT + "labels.csv", {"labels__csv": f"\ufefffilename,label\r\n{ROWS}"}, FLAT_FOUND, ""),
    "table with tabs": (FLAT + "x.tsv", {"x__tsv": ROWS.replace(",", "\t")}, FLAT_FOUND, ""),
    "table with semicolons, other order and column": (FLAT + "x.csv",
        {"x__csv": "id;label;image\n7;a;1.png\n8;a;2.png\n\n9;b;3.png\n9;b;4.png\n"}, FLAT_FOUND, ""),
    "table with quotes, old line ends and line breaks": (FLAT + "x.csv",
        {"x__csv": '"filename","label","text"\r"1.png","a","1\r2"\r"2.png","a","\u2028"\r3.png,b,\r4.png,b,""\r'},
        FLAT_FOUND, ""),
    "table without suffixes": (FLAT + "x.csv", {"x__csv": "image_id,class\n1,a\n2,a\n3,b\n4,b\n"}, FLAT_FOUND, ""),
    "table with paths": (SIX + "y.csv",
        {"y__csv": "path,label\n./x/1.png,a\nx\\2.png,a\nx/3.png,b\nx/4.png,b\nno.png,a\nx/5.png,\n"},
        "?:a=x/1.png,x/2.png ?:b=x/3.png,x/4.png", "no.png x/5.png x/6.png"),
    "table with splits": (SIX + "y.csv", {"y__csv": SPLIT_ROWS}, SPLIT_FOUND, ""),
    "table with splits without a header": (SIX + "y.csv", {"y__csv": SPLIT_ROWS.partition("\n")[2]}, SPLIT_FOUND, ""),
    "table in a wrapping folder": ("w/" + FLAT.strip().replace(" ", " w/") + " w/labels.csv", {"labels__csv": ROWS},
        "?:a=w/1.png,w/2.png ?:b=w/3.png,w/4.png", ""),
    "table and flat split folders": ("train/1.png train/2.png test/3.png test/4.png l.csv",
        {"l__csv": "train/1.png,a\ntrain/2.png,b\ntest/3.png,a\ntest/4.png,b\n"},
        "test:a=test/3.png test:b=test/4.png train:a=train/1.png train:b=train/2.png", ""),
    "two tables named like splits": (FLAT + "train.csv test.csv",
        {"train__csv": "1.png,a\n2.png,b\n", "test__csv": "3.png,a\n4.png,b\n"},
        "test:a=3.png test:b=4.png train:a=1.png train:b=2.png", ""),
    "tables in flat split folders": ("w/train/1.png w/train/2.png w/Test/1.png w/Test/2.png w/train/l.csv w/Test/l.csv",
        {"l__csv": "file,label\n1.png,a\n2.png,b\n"},
        "test:a=w/Test/1.png test:b=w/Test/2.png train:a=w/train/1.png train:b=w/train/2.png", ""),
    "table with absolute paths": (FLAT + "x.csv",
        {"x__csv": "file,label\n/home/x/1.png,a\nC:\\x\\2.png,a\ns3://b/3.png,b\n\\\\nas\\4.png,b\nno/4.png,a\n"},
        FLAT_FOUND, "no/4.png"),
    "table with a column per class": (FLAT + "x.csv",
        {"x__csv": "image,a,b,c\n1,1,0,0\n2,1.0,0.0,0.0\n3,0,1,0\n4,0,1,0\n"}, FLAT_FOUND, ""),
    "table with other delimiters in its texts": (
        "a,1.png a,2.png 3.png 4.png x.csv",
        {"x__csv": "file|label|text\na,1.png|a|;\na,2.png|a|,\n3.png|b|\n4.png|b|"},
        "?:a=a,1.png,a,2.png ?:b=3.png,4.png", ""),
    "table with an index and other columns": (FLAT + "x.csv",
        {"x__csv": ",name,width,kind,phase\n4,1.png,9,a,train\n3,2.png,8,a,train\n2,3.png,9,b,test\n1,4.png,8,b,test"},
        "test:b=3.png,4.png train:a=1.png,2.png", ""),
    "table with numbers as labels before the files": (FLAT + "x.csv",
        {"x__csv": "label,id\n1,1\n1,2\n2,3\n2,4\n"}, "?:1=1.png,2.png ?:2=3.png,4.png", ""),
    "table with outer folders that all paths share": (SIX + "l.csv",
        {"l__csv": "file,label\n../data/x/1.png,a\n../data/x/2.png,a\n../data/x/3.png,b\n../data/x/4.png,b\n"},
        "?:a=x/1.png,x/2.png ?:b=x/3.png,x/4.png", "x/5.png x/6.png"),
    "table in other capitals": ("IMG1.JPG img2.jpg IMG2.jpg Img3.Jpg l.csv",
        {"l__csv": "file,label\nimg1.jpg,a\nIMG2.jpg,a\nimg2.jpg,b\nIMG3.jpg,b\n"},
        "?:a=IMG1.JPG,IMG2.jpg ?:b=Img3.Jpg,img2.jpg", ""),
    "tables of a competition": (FLAT + "5.png train_labels.csv sample_submission.csv",
        {"train_labels__csv": f"id,label\n{ROWS}", "sample_submission__csv": "id,label\n5.png,a\n"},
        FLAT_FOUND, "5.png"),
    "table of sizes next to one of labels": (FLAT + "labels.csv sizes.csv",
        {"labels__csv": ROWS, "sizes__csv": "file,w,h\n1.png,9,8\n2.png,9,7\n3.png,8,8\n4.png,8,7\n"},
        FLAT_FOUND, "sizes.csv"),
    "unusable rows": (FLAT + "5.png 6.png 7.png l.csv",
        {"l__csv": "file,label,split\n1.png,a,train\n2.png,a,train\n3.png,b,train\n4.png,b,train\n5.png,a,train\n"
         "5.png,b,train\n6.png,a,never\n7.png,b,test\n8.png,b\n4.png,b,train\n"},
        "test:b=7.png train:a=1.png,2.png train:b=3.png,4.png", "5.png 6.png 8.png"),
    "classes next to a table of something else": (PLAIN + "sizes.csv",
        {"sizes__csv": "file,width\na/1.png,9\nb/1.png,8\n"},
        PLAIN_FOUND, "sizes.csv"),
    "classes next to a table of a few": (PLAIN + "l.csv", {"l__csv": "file,label\na/1.png,x\n"}, PLAIN_FOUND, "l.csv"),
    "folders that are no classes": (PLAIN + "l.csv",
        {"l__csv": "file,label\na/1.png,x\na/2.png,y\nb/1.png,x\nb/2.png,y\n"},
        "?:x=a/1.png,b/1.png ?:y=a/2.png,b/2.png", ""),
}  # fmt: skip


@pytest.mark.parametrize(("paths", "tables", "expected", "skipped"), ACCEPTED.values(), ids=ACCEPTED)
def test_layout_gives_classes_and_splits(paths: str, tables: dict[str, str], expected: str, skipped: str) -> None:
    tree = MemoryTree(paths, **tables)
    layout = find_layout(tree)
    assert show(layout) == expected
    assert " ".join(sorted(name for name, _ in tree.skipped + layout.skipped)) == skipped


REFUSED = {
    "nothing": ("", {}, "contains no subfolders"),
    "flat without a table": (FLAT, {}, "or add a file labels.csv with the columns filename and label"),
    "one class": ("a/1.png a/2.png 1.png", {}, "got 1: 'a'"),
    "one class in the table": (FLAT + "l.csv", {"l__csv": "1.png,a\n2.png,a\n"}, "2 classes in l.csv; got 1: 'a'"),
    "table without a clear column": (
        FLAT + "l.csv",
        {"l__csv": "file,cat,dog\n1.png,1,1\n2.png,0,1\n3.png,1,0\n4.png,0,0\n"},
        "It is not clear which column of l.csv has the classes: cat, dog. Rename it to label.",
    ),
    "table of other files": (
        FLAT + "l.csv",
        {"l__csv": "file,label\n7.png,a\n8.png,b\n"},
        "l.csv names no image file.",
    ),
    "splits without classes": ("train/1.png test/1.png", {}, "'test' and 'train' contain no class folders"),
    "one image": (PLAIN + "c/1.png", {}, "at least 2 images per class; got 1 in 'c'"),
}


@pytest.mark.parametrize(("paths", "tables", "message"), REFUSED.values(), ids=REFUSED)
def test_unclear_layout_is_refused(paths: str, tables: dict[str, str], message: str) -> None:
    with pytest.raises(DatasetError) as error:
        find_layout(MemoryTree(paths, **tables))
    assert message in str(error.value)


def test_folders_that_all_classes_contain_are_named() -> None:
    layout = find_layout(MemoryTree("seg1/a/1.png seg1/b/1.png seg2/a/1.png seg2/b/1.png"))
    assert "each class contains the folders a, b: if these are the classes, rename the outer folders" in layout.note
