package parcels

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** Parcels of the driver's tour, from the phone first and from the server when there is a network. */
class ParcelRepository(private val local: ParcelDao, private val remote: ParcelApi) {
    /** Emits the parcels that are stored on the phone, then the fresh ones; stays quiet when offline. */
    fun parcelsOfTour(tour: String): Flow<List<Parcel>> = flow {
        emit(local.parcels(tour))
        runCatching { remote.parcels(tour) }.onSuccess { fresh ->
            local.replace(tour, fresh)
            emit(fresh)
        }
    }

    /** Marks a parcel as delivered, with the receiver's signature; sent later if there is no network. */
    suspend fun confirmDelivery(parcel: Parcel, signature: ByteArray) {
        local.markDelivered(parcel.number, signature)
        runCatching { remote.confirm(parcel.number, signature) }.onFailure { local.queueForSending(parcel.number) }
    }
}
