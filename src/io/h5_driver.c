#include "h5_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include "mfrl/base/beat.h"
#include "mfrl/base/mem.h"

typedef struct disk_info { /* driver information of an access list */
    mf_h5_disk *disk;
} disk_info;

typedef struct disk_file {
    H5FD_t pub; /* must come first: HDF5 sees only this */
    mf_h5_disk *disk;
    int fd;
    dev_t device;
    ino_t inode;
    haddr_t eoa; /* end of what HDF5 has allocated */
    haddr_t eof; /* end of the file */
} disk_file;

static void note(mf_h5_disk *disk, int error)
{
    if (disk->error == 0) {
        disk->error = error;
    }
}

static int posix_flags(unsigned flags)
{
    return O_CLOEXEC | (flags & H5F_ACC_RDWR ? O_RDWR : O_RDONLY) |
           (flags & H5F_ACC_TRUNC ? O_TRUNC : 0) |
           (flags & H5F_ACC_CREAT ? O_CREAT : 0) |
           (flags & H5F_ACC_EXCL ? O_EXCL : 0);
}

static H5FD_t *disk_open(const char *name, unsigned flags, hid_t fapl,
                         haddr_t maxaddr)
{
    const disk_info *info = H5Pget_driver_info(fapl);
    disk_file *f = NULL;
    struct stat st;
    int fd;

    (void)maxaddr;
    if (info == NULL || mf_alloc(1, sizeof(*f), name, &f) != MF_OK) {
        return NULL;
    }
    fd = open(name, posix_flags(flags), 0666);
    if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        info->disk->error = fd >= 0 && S_ISDIR(st.st_mode) ? EISDIR : errno;
        if (fd >= 0) {
            close(fd);
        }
        mf_free(&f);
        return NULL;
    }
    /* HDF5 tries an open without O_CREAT first, whose failure means nothing. */
    info->disk->error = 0;
    f->disk = info->disk;
    f->fd = fd;
    f->device = st.st_dev;
    f->inode = st.st_ino;
    f->eof = (haddr_t)st.st_size;
    return &f->pub;
}

static herr_t disk_close(H5FD_t *file)
{
    disk_file *f = (disk_file *)file;

    if (close(f->fd) != 0) {
        note(f->disk, errno);
    }
    mf_free(&f);
    return 0;
}

static int order(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

/* HDF5 asks so that it does not open one file twice. */
static int disk_cmp(const H5FD_t *a, const H5FD_t *b)
{
    const disk_file *f = (const disk_file *)a;
    const disk_file *g = (const disk_file *)b;

    return f->device != g->device ? order(f->device, g->device)
                                  : order(f->inode, g->inode);
}

/* The same as HDF5's own POSIX driver: gather small pieces, allow SWMR. */
static herr_t disk_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA |
             H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA |
             H5FD_FEAT_SUPPORTS_SWMR_IO | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t disk_get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const disk_file *)file)->eoa;
}

static herr_t disk_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t eoa)
{
    (void)type;
    ((disk_file *)file)->eoa = eoa;
    return 0;
}

static haddr_t disk_get_eof(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const disk_file *)file)->eof;
}

static herr_t disk_read(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t addr,
                        size_t size, void *buffer)
{
    disk_file *f = (disk_file *)file;
    char *at = buffer;

    (void)type;
    (void)dxpl;
    while (size > 0) {
        const ssize_t n = pread(f->fd, at, size, (off_t)addr);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            note(f->disk, errno);
            return -1;
        }
        if (n == 0) { /* allocated but never written: zeros */
            memset(at, 0, size);
            break;
        }
        mf_beat(); /* a large file on a slow disk */
        at += n;
        addr += (haddr_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static herr_t disk_write(H5FD_t *file, H5FD_mem_t type, hid_t dxpl,
                         haddr_t addr, size_t size, const void *buffer)
{
    disk_file *f = (disk_file *)file;
    const char *at = buffer;

    (void)type;
    (void)dxpl;
    if (addr + size > f->eof) {
        f->eof = addr + size;
    }
    while (size > 0 && f->disk->error == 0) {
        const ssize_t n = pwrite(f->fd, at, size, (off_t)addr);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            note(f->disk, n < 0 ? errno : ENOSPC);
            break;
        }
        mf_beat(); /* a large file on a slow disk */
        at += n;
        addr += (haddr_t)n;
        size -= (size_t)n;
    }
    return 0; /* also on failure: see the header */
}

static herr_t disk_truncate(H5FD_t *file, hid_t dxpl, hbool_t closing)
{
    disk_file *f = (disk_file *)file;

    (void)dxpl;
    (void)closing;
    if (f->eoa != f->eof) {
        if (f->disk->error == 0 && ftruncate(f->fd, (off_t)f->eoa) != 0) {
            note(f->disk, errno);
        }
        f->eof = f->eoa;
    }
    return 0;
}

/* File systems without locks are used without; a held lock is an error. */
static herr_t disk_lock(H5FD_t *file, hbool_t exclusive)
{
    disk_file *f = (disk_file *)file;

    if (flock(f->fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 &&
        errno == EWOULDBLOCK) {
        note(f->disk, EWOULDBLOCK);
        return -1;
    }
    return 0;
}

static herr_t disk_unlock(H5FD_t *file)
{
    flock(((disk_file *)file)->fd, LOCK_UN);
    return 0;
}

static const H5FD_class_t disk_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = 600, /* of the range that HDF5 leaves to its users */
#endif
    .name = "mfrl-disk",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(disk_info),
    .open = disk_open,
    .close = disk_close,
    .cmp = disk_cmp,
    .query = disk_query,
    .get_eoa = disk_get_eoa,
    .set_eoa = disk_set_eoa,
    .get_eof = disk_get_eof,
    .read = disk_read,
    .write = disk_write,
    .truncate = disk_truncate,
    .lock = disk_lock,
    .unlock = disk_unlock,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

herr_t mf_h5_driver_set(hid_t fapl, mf_h5_disk *disk)
{
    static hid_t driver = H5I_INVALID_HID;
    const disk_info info = {disk};

    if (driver < 0) {
        driver = H5FDregister(&disk_class);
    }
    return driver < 0 ? -1 : H5Pset_driver(fapl, driver, &info);
}
